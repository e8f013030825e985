#include "datasets/hdf5/library.h"

#include <fmt/format.h>

#include "base/error.h"

namespace flashrna::hdf5 {

namespace {

std::recursive_mutex& library_mutex() {
  // Never destroyed, because handles may close during static destruction.
  static auto* mutex = new std::recursive_mutex;
  return *mutex;
}

// H5Ewalk callback: keeps the first (innermost) description, but prefers one that contains the system's message.
herr_t collect_reason(unsigned, const H5E_error2_t* error, void* data) {
  auto& reason = *static_cast<std::string*>(data);
  if (error->desc == nullptr) return 0;
  const std::string description = error->desc;
  constexpr const char* kSystemMessage = "error message = '";
  const std::size_t at = description.find(kSystemMessage);
  if (at != std::string::npos) {
    const std::size_t begin = at + std::string(kSystemMessage).size();
    reason = description.substr(begin, description.find('\'', begin) - begin);
    return 1;
  }
  if (reason.empty()) reason = description;
  return 0;
}

}  // namespace

LibraryLock::LibraryLock() : guard_(library_mutex()) {
  // HDF5's exit handler crashes on a file whose last writes failed (disk full). It has nothing else to do, because
  // every identifier has an owner.
  static const bool no_exit_handler = H5dont_atexit() >= 0;
  (void)no_exit_handler;
  // Limits of the freed blocks that the library caches, in total and per size. By default it keeps tens of MB.
  constexpr int kKept = 1 << 20, kKeptPerSize = 1 << 16;
  static const bool few_kept =
      H5set_free_list_limits(kKept, kKeptPerSize, kKept, kKeptPerSize, kKept, kKeptPerSize) >= 0;
  (void)few_kept;
  // Without plug-ins HDF5 does not load shared libraries for the filters that a file names.
  static const bool no_plugins = H5PLset_loading_state(0) >= 0;
  (void)no_plugins;
  thread_local const bool silenced = [] { return H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr) >= 0; }();
  (void)silenced;
}

std::string failure_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, collect_reason, &reason);
  return reason.empty() ? "unknown HDF5 error" : reason;
}

Hdf5Handle checked(hid_t id, Hdf5Handle::Close close, const std::string& where, const char* action) {
  if (id < 0) fail("{}: cannot {}: {}", where, action, failure_reason());
  return Hdf5Handle(id, close);
}

void check(herr_t status, const std::string& where, const char* action) {
  if (status < 0) fail("{}: cannot {}: {}", where, action, failure_reason());
}

Hdf5Handle::Close closing(herr_t (*function)(hid_t)) {
  static_assert(std::is_same_v<hid_t, Hdf5Handle::Id> || sizeof(hid_t) == sizeof(Hdf5Handle::Id));
  return reinterpret_cast<Hdf5Handle::Close>(function);
}

Hdf5Handle untimed_properties(hid_t property_class) {
  Hdf5Handle properties = checked(H5Pcreate(property_class), closing(H5Pclose), "HDF5", "make a property list");
  check(H5Pset_obj_track_times(properties.get(), false), "HDF5", "turn off object times");
  return properties;
}

Hdf5Handle text_type(std::size_t width) {
  Hdf5Handle type = checked(H5Tcopy(H5T_C_S1), closing(H5Tclose), "HDF5", "make a text type");
  check(H5Tset_size(type.get(), width == 0 ? H5T_VARIABLE : width), "HDF5", "make a text type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "HDF5", "make a text type");
  check(H5Tset_strpad(type.get(), width == 0 ? H5T_STR_NULLTERM : H5T_STR_NULLPAD), "HDF5", "make a text type");
  return type;
}

Hdf5Handle float16_type() {
  Hdf5Handle type = checked(H5Tcopy(H5T_IEEE_F32LE), closing(H5Tclose), "HDF5", "make a number type");
  // Sign at bit 15, five exponent bits from bit 10, ten mantissa bits. The fields are set before the size is reduced.
  check(H5Tset_fields(type.get(), 15, 10, 5, 0, 10), "HDF5", "make a number type");
  check(H5Tset_size(type.get(), 2), "HDF5", "make a number type");
  check(H5Tset_ebias(type.get(), 15), "HDF5", "make a number type");
  return type;
}

Hdf5Type type_of(hid_t datatype) {
  const H5T_class_t kind = H5Tget_class(datatype);
  const std::size_t size = H5Tget_size(datatype);
  if (kind == H5T_STRING) return Hdf5Type::kText;
  if (kind == H5T_FLOAT && size == 2) {
    const Hdf5Handle float16 = float16_type();  // the size alone does not tell: bfloat16 has two bytes too
    return H5Tequal(datatype, float16.get()) > 0 ? Hdf5Type::kFloat16 : Hdf5Type::kOther;
  }
  if (kind == H5T_FLOAT && size == 4) return Hdf5Type::kFloat32;
  if (kind == H5T_FLOAT && size == 8) return Hdf5Type::kFloat64;
  if (kind == H5T_INTEGER) {
    const bool is_signed = H5Tget_sign(datatype) == H5T_SGN_2;
    if (is_signed && size == 4) return Hdf5Type::kInt32;
    if (is_signed && size == 8) return Hdf5Type::kInt64;
    if (!is_signed && size == 1) return Hdf5Type::kUInt8;
    if (!is_signed && size == 4) return Hdf5Type::kUInt32;
  }
  return Hdf5Type::kOther;
}

}  // namespace flashrna::hdf5
