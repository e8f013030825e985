#!/usr/bin/env bash
# Fuzzes the readers with libFuzzer under AddressSanitizer and UBSan, each target on one core, and prints executions,
# findings and coverage. Fails if there is a finding. Corpus and findings stay in build/fuzz/run for the next time.
#
#   scripts/fuzz.sh [SECONDS [TARGET...]]   60 s; structure_reader_fuzzer dataset_reader_fuzzer
#                                           secondary_structure_fuzzer
#
# Seeds are the regression files of tests/data/fuzz and, if present, the structures of FLASHRNA_SHARED (default:
# ../shared beside the checkout), shortened, because long inputs make fuzzing slow.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(structure_reader_fuzzer dataset_reader_fuzzer secondary_structure_fuzzer)
samples=${FLASHRNA_SHARED:-../shared}/structures/sample
build=build/fuzz
run=$build/run

# Keeps the first 160 atoms of a PDB file, 10 remarks, and at most 60 lines of any other record.
cut_pdb() {
  awk '/^(ATOM|HETATM|ANISOU)/ { if (++atoms <= 160) print; next } /^REMARK/ && ++remarks > 10 { next } ++others <= 60'
}

# Keeps the first 160 atoms of an mmCIF file and every other short category.
cut_mmcif() {
  awk 'function flush() { if (size < 1500 || is_atoms) printf "%s", block; block = ""; size = is_atoms = atoms = 0 }
    /^#/ { flush() }
    /^_atom_site\./ { is_atoms = 1 }
    { if (is_atoms && /^(ATOM|HETATM)/ && ++atoms > 160) next; block = block $0 "\n"; size += length($0) + 1 }
    END { flush() }'
}

# Keeps the atoms that define a nucleotide, with occasional gaps in the chain: long chains in short files.
thin() {
  awk '/^(ATOM|HETATM)/ && (!/[ "](P|O3.|C3.|C4.|O4.|C1.|O2.|N1|N9)[ "]/ || ++seen % 80 > 60 || ++kept > 160) { next }
    !/^ANISOU/'
}

# The first byte of a seed selects how the rest is read: tests/fuzz/structure_input.h.
make_structure_seeds() {
  local folder=$1 file name format plain packed
  for file in "$samples"/*; do
    [ -e "$file" ] || continue
    name=$(basename "${file%.gz}")
    case $name in
      *.pdb) format=pdb plain='\x00' packed='\x02' ;;
      *.cif) format=mmcif plain='\x01' packed='\x03' ;;
      *) continue ;;
    esac
    gzip -dcf "$file" | "cut_$format" >"$folder/cut"
    gzip -dcf "$file" | thin | "cut_$format" >"$folder/thin"
    { printf "$plain" && cat "$folder/cut"; } >"$folder/$name"
    { printf "$plain" && cat "$folder/thin"; } >"$folder/thin-$name"
    { printf "$packed" && gzip -9nc "$folder/cut"; } >"$folder/$name.gz"
    if [ "$format" = mmcif ]; then
      cp "$folder/cut" "$folder/$name"
      tests/fuzz/make_binary_cif_seeds.py "$folder/$name" "$folder" || true  # not for every way to write atoms
      { printf "$plain" && cat "$folder/cut"; } >"$folder/$name"
    fi
    rm "$folder/cut" "$folder/thin"
  done
}

# The first byte of a seed selects the format: tests/fuzz/secondary_structure_fuzzer.cpp.
make_secondary_structure_seeds() {
  printf '\x00>a hairpin\nGGAAAACC&U\n((....))&. (-1.20)\n..((..[[[..))...]]]?\n' >"$1/structure.dbn"
  printf '\x01# a hairpin\n# molecules end at 8 9\n1 G 8\n2 G 7\n3 A 0\n4 A 0\n5 A 0\n6 A 0\n7 C 2\n8 C 1\n9 U 0\n' \
    >"$1/structure.bpseq"
  printf '\x02 5 dG = -3.4 a hairpin\n1 G 0 2 5 1\n2 A 1 3 0 2\n3 A 2 4 0 3\n4 A 3 5 0 4\n5 C 4 0 1 5\n' >"$1/structure.ct"
}

cmake --preset fuzz >/dev/null
status=0
for target in "${targets[@]}"; do
  cmake --build --preset fuzz --target "$target"
  mkdir -p "$run/$target/corpus" "$run/$target/seeds" "$run/$target/findings"
  options=(-max_len=100000)
  # tests/fuzz/dataset_reader_fuzzer.cpp needs few bytes, all from the start of the run. Leak detection is off because
  # libhdf5 leaks a few bytes when a call fails.
  [ "$target" = dataset_reader_fuzzer ] && options=(-max_len=2000 -len_control=0 -detect_leaks=0)
  seeds=("$run/$target/seeds")
  if [ "$target" = structure_reader_fuzzer ]; then
    make_structure_seeds "$run/$target/seeds"
    options+=(-dict=tests/fuzz/structure.dict)
    seeds+=(tests/data/fuzz)
  fi
  if [ "$target" = secondary_structure_fuzzer ]; then
    make_secondary_structure_seeds "$run/$target/seeds"
    options=(-max_len=4000)
  fi
  log=$run/$target/log
  touch "$run/$target/start"
  # Such inputs need far less than 2 GiB and 25 s: a runaway allocation or loop is a finding.
  nice "$build/$target" -max_total_time="$seconds" -rss_limit_mb=2048 -malloc_limit_mb=1024 -timeout=25 \
    -print_final_stats=1 -artifact_prefix="$run/$target/findings/" "${options[@]}" "$run/$target/corpus" "${seeds[@]}" \
    >"$log" 2>&1 || status=1
  printf '%s: %s executions, ' "$target" "$(awk '/number_of_executed_units/ { print $2 }' "$log")"
  grep -E '^#[0-9]+' "$log" | tail -1 | grep -oE 'cov: [0-9]+ ft: [0-9]+ corp: [^ ]+'
  find "$run/$target/findings" -type f -newer "$run/$target/start" | sed 's/^/  finding: /'
  grep -E '^SUMMARY|runtime error|what\(\)' "$log" || true
done
exit $status
