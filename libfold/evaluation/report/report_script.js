"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const sets = data.sets, first = sets[0].summary, several = sets.length > 1;
const protein = first.polymer === "protein", nt = protein ? "aa" : "nt", defects = `defects_per_100_${nt}`;
// The pair of torsions that is drawn, and the keys of its points.
const torsionPair = protein ? {key: "phi_psi", x: ["phi", "φ"], y: ["psi", "ψ"]} : {key: "eta_theta", x: ["eta", "η"], y: ["theta", "θ"]};
const hasReference = sets.some(set => set.summary.reference !== null);
const palette = ["#2f74e0", "#e07b2c", "#2a9d72", "#b455c8", "#d0485a", "#7b8a2e", "#1f9fb5", "#8c6d46"];
const color = i => palette[i % palette.length];
const DEGREE = Math.PI / 180;

// ---- Text

const escape = text => String(text).replace(/[&<>"]/g, c => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}[c]));
function number(value) {
  if (value === null || value === undefined || !isFinite(value)) return "–";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e9) return value.toLocaleString("en-US");
  return size >= 1000 ? Math.round(value).toLocaleString("en-US") : size >= 100 ? value.toFixed(1) : size >= 0.001 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}
const definition = key => data.definitions[key] || {name: key, unit: "", text: ""};
const tip = (key, label) => { const d = definition(key); return `<span class="tip" tabindex="0" data-tip="${escape(d.text)}">${escape(label || d.name)}</span>`; };
const withUnit = (value, unit) => value === "–" || !unit ? value : `${value} ${unit}`;
const measure = (set, key, side) => { const m = set.summary.measures[key]; return m ? m[side] : null; };
const swatch = i => several ? `<span class="swatch" style="background:${color(i)}"></span>` : "";

const bubble = document.getElementById("bubble");
function showTip(event) {
  const target = event.target.closest && event.target.closest(".tip");
  if (!target) return;
  bubble.textContent = target.dataset.tip;
  const box = target.getBoundingClientRect(), size = bubble.getBoundingClientRect();
  const left = Math.min(Math.max(8, box.left), document.documentElement.clientWidth - size.width - 8);
  const above = box.bottom + size.height + 12 > window.innerHeight;
  bubble.style.left = `${left + window.scrollX}px`;
  bubble.style.top = `${(above ? box.top - size.height - 6 : box.bottom + 6) + window.scrollY}px`;
  bubble.style.visibility = "visible";
}
const hideTip = () => { bubble.style.visibility = "hidden"; };
for (const name of ["mouseover", "focusin"]) document.addEventListener(name, showTip);
for (const name of ["mouseout", "focusout"]) document.addEventListener(name, hideTip);

// ---- Head, tiles, summary

function leftOut(set, side) {
  const part = set.summary[side];
  if (!part) return "";
  const kinds = [["unreadable", "unreadable"], ["without_rna", "without RNA"], ["without_protein", "without protein"], ["too_short", "too short"]].filter(([key]) => part[key] && part[key].length);
  if (!kinds.length) return "";
  const items = kinds.flatMap(([key, label]) => part[key].slice(0, 200).map(item => `<li>${label}: ${escape(item.name)}: ${escape(item.reason)}</li>`));
  const counts = kinds.map(([key, label]) => `${part[key].length} ${label}`).join(", ");
  return `<details><summary>Left out of the ${side}: ${counts}</summary><ul>${items.join("")}</ul></details>`;
}
document.getElementById("title").textContent = several ? `${sets.length} sets side by side` : `Evaluation: ${sets[0].name}`;
document.getElementById("subtitle").innerHTML = sets.map((set, i) => {
  const s = set.summary.samples, r = set.summary.reference;
  const of = `${swatch(i)}${several ? `<b>${escape(set.name)}</b>: ` : ""}${number(s.structures)} ${s.structures === 1 ? "sample" : "samples"} of ${number(s.residues)} ${nt}`;
  const against = r ? ` against ${number(r.structures)} reference ${r.structures === 1 ? "chain" : "chains"} of ${number(r.residues)} ${nt} (${escape(set.summary.inputs.reference)}${set.summary.inputs.reference_split ? ", " + escape(set.summary.inputs.reference_split) : ""})` : ", no reference";
  return `<p>${of}${against}</p>${leftOut(set, "samples")}${leftOut(set, "reference")}`;
}).join("");
document.getElementById("footer").textContent = `flashrna ${first.program_version}. Angles in degrees, lengths in Å. Charts by plotly.js 3.1.0 (MIT). Hover over a dotted name for its definition.`;

const headline = ["validity", "asked_pair_f1", "paired_rate", "suite_outlier_rate", "break_rate", "clash_rate", "a_form_rate", "ca_near_rate", "ramachandran_distance", "median_rg_ratio", "mean_distance", "d_raw", "mean_tm_longer"];
document.getElementById("tiles").innerHTML = headline.filter(key => sets.some(set => set.summary.measures[key])).slice(0, 7).map(key => {
  const unit = definition(key).unit, reference = sets.map(set => measure(set, key, "reference")).find(v => v !== null && v !== undefined);
  const values = sets.map((set, i) => `${swatch(i)}${withUnit(number(measure(set, key, "samples")), unit)}`);
  const shown = several ? values.map(v => `<div>${v}</div>`).join("") : `<b>${values[0]}</b>`;
  return `<div class="card tile"><span class="label">${tip(key)}</span>${shown}<span class="label">${reference === undefined ? "&nbsp;" : "reference " + withUnit(number(reference), unit)}</span></div>`;
}).join("");

const groups = [["Set", ["samples", "median_length"]], ["Asked for", ["asked_pair_f1", "asked_pair_precision", "asked_pair_recall", "asked_pair_f1_whole_bases", "asked_loop_f1", "asked_loop_precision", "asked_loop_recall"]], ["Judged by another program", ["mean_judge_score", "median_judge_score"]], ["Base pairs", ["paired_rate", "median_helix_length", "helix_length_distance", "stem_rate", "pseudoknot_rate", "hairpin_rate", "median_hairpin", "hairpin_distance", "bulge_rate", "median_bulge", "bulge_distance", "interior_rate", "median_interior", "interior_distance", "multiloop_rate", "median_multiloop", "multiloop_distance", "exterior_rate", "median_pair_c1_distance", "median_pair_n_distance", "hydrogen_bond_rate"]], ["Backbone conformers", ["suite_outlier_rate", "mean_suiteness", "suite_1a_rate"]], ["Geometry", ["break_rate", "ca_near_rate", "ca_deviation", "c_n_near_rate", "ramachandran_distance", "alpha_rate", "beta_rate", "c4_neighbor_rate", "c4_close_rate", "bonded_rate", "o3_p_near_rate", "clash_rate", "median_clashes", "all_atom_clash_rate", "published_clash_rate", "inversion_rate", "a_form_rate", "c3_endo_rate", "median_rg_ratio", "rg_band_rate", "mean_distance"]], ["Diversity", ["clusters", "d_raw", "mean_pair_tm", "d_valid", "unique_valid"]], ["Novelty", ["mean_tm_to_reference", "mean_tm_longer", "novel_rate"]], ["Self-consistency", ["validity", "median_sc_tm", "median_sc_rmsd"]], ["Natives", ["mean_native_lddt", "median_native_rmsd", "mean_native_tm"]]];
function interval(set, key) {
  const sc = set.summary.self_consistency;
  return key === "validity" && sc ? ` <span class="soft">(${number(100 * sc.validity.low)} to ${number(100 * sc.validity.high)}, ${sc.validity.valid} of ${sc.validity.scored})</span>` : "";
}
// Measures that no group lists.
function otherMeasures() {
  const listed = new Set(groups.flatMap(([, keys]) => keys));
  return [...new Set(sets.flatMap(set => Object.keys(set.summary.measures)))].filter(key => !listed.has(key));
}
function summaryTable() {
  const rows = [...groups, ["Other", otherMeasures()]].map(([name, keys]) => {
    const there = keys.filter(key => sets.some(set => set.summary.measures[key]));
    if (!there.length) return "";
    return `<tr class="group"><td colspan="${sets.length + 3}">${name}</td></tr>` + there.map(key => {
      const reference = sets.map(set => measure(set, key, "reference")).find(v => v !== null && v !== undefined);
      return `<tr><td>${tip(key)}</td>${sets.map(set => `<td>${number(measure(set, key, "samples"))}${interval(set, key)}</td>`).join("")}${hasReference ? `<td>${number(reference)}</td>` : ""}<td class="soft">${escape(definition(key).unit)}</td></tr>`;
    }).join("");
  });
  const head = sets.map((set, i) => `<th>${swatch(i)}${several ? escape(set.name) : "Samples"}</th>`).join("");
  return `<table><thead><tr><th>Measure</th>${head}${hasReference ? "<th>Reference</th>" : ""}<th>Unit</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
}
document.getElementById("summary").innerHTML = summaryTable();

// ---- Backbones, drawn on a plain canvas

function principalAxes(points) {  // rows: longest axis first; the points have their center near the origin
  const c = [[0, 0, 0], [0, 0, 0], [0, 0, 0]];
  for (const p of points) for (let i = 0; i < 3; ++i) for (let j = 0; j < 3; ++j) c[i][j] += p[i] * p[j];
  const power = exclude => {
    let v = [0.6, 0.53, 0.6];
    for (let k = 0; k < 200; ++k) {
      if (exclude) { const d = v[0] * exclude[0] + v[1] * exclude[1] + v[2] * exclude[2]; v = v.map((x, i) => x - d * exclude[i]); }
      const w = c.map(row => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]);
      const n = Math.hypot(...w) || 1;
      v = w.map(x => x / n);
    }
    return v;
  };
  const a = power(null);
  let b = power(a);
  const d = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  b = b.map((x, i) => x - d * a[i]);
  const n = Math.hypot(...b);
  b = n > 1e-6 ? b.map(x => x / n) : Math.abs(a[0]) < 0.9 ? [0, a[2], -a[1]] : [a[1], -a[0], 0];
  return [a, b, [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]];
}
class BackboneView {
  constructor(canvas, example) {
    this.canvas = canvas;
    const at = (list, i) => list[3 * i] === null ? null : [list[3 * i], list[3 * i + 1], list[3 * i + 2]];
    const n = example.C4.length / 3, ends = new Set(example.ends);
    this.segments = [];  // [from, to, residue's place in 0..1 or -1 for a pair, -2 for an outlier, width]
    const c4 = [];
    for (let i = 0; i < n; ++i) {
      const c = at(example.C4, i), p = at(example.P, i), base = at(example.N, i), place = n > 1 ? i / (n - 1) : 0;
      c4.push(c);
      if (p) this.segments.push([p, c, place, 1]);
      if (base) this.segments.push([c, base, place, 0.45]);
      if (i + 1 < n && !ends.has(i)) this.segments.push([c, at(example.P, i + 1) || at(example.C4, i + 1), place, 1]);
    }
    for (const [i, j] of example.pairs || []) {
      const a = at(example.N, i), b = at(example.N, j);
      if (a && b) this.segments.push([a, b, -1, 0.3]);
    }
    this.slabs = (example.bases || []).map((flat, i) => flat && {letter: example.letters[i], points: Array.from({length: flat.length / 3}, (_, k) => at(flat, k))}).filter(slab => slab);
    for (const i of example.outliers || []) this.segments.push([c4[i], c4[i], -2, 1.5]);
    this.rotation = principalAxes(c4);
    // Scaled to most nucleotides: a few distant ones may be outside the picture.
    const radii = c4.map(p => Math.hypot(...p)).sort((a, b) => a - b);
    this.reach = Math.max(8, Math.min(radii[n - 1], 1.35 * radii[Math.floor(0.93 * (n - 1))])) + 3;
    this.start = this.rotation;
    canvas.addEventListener("pointerdown", e => { this.last = [e.clientX, e.clientY]; canvas.setPointerCapture(e.pointerId); });
    canvas.addEventListener("pointermove", e => {
      if (!this.last) return;
      this.turn((e.clientX - this.last[0]) * 0.01, (e.clientY - this.last[1]) * 0.01);
      this.last = [e.clientX, e.clientY];
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { this.last = null; });
    canvas.addEventListener("dblclick", () => { this.rotation = this.start; this.draw(); });
    canvas.addEventListener("keydown", e => {
      const step = {ArrowLeft: [-0.15, 0], ArrowRight: [0.15, 0], ArrowUp: [0, -0.15], ArrowDown: [0, 0.15]}[e.key];
      if (step) { this.turn(...step); e.preventDefault(); }
    });
    this.draw();
  }
  turn(dx, dy) {
    const [x, y, z] = this.rotation, mix = (u, v, a, b) => u.map((value, i) => a * value + b * v[i]);
    const cx = Math.cos(dx), sx = Math.sin(dx), cy = Math.cos(dy), sy = Math.sin(dy);
    const x1 = mix(x, z, cx, sx), z1 = mix(z, x, cx, -sx);
    this.rotation = [x1, mix(y, z1, cy, -sy), mix(z1, y, cy, sy)];
    this.draw();
  }
  draw() {
    const box = this.canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    const w = this.canvas.width = Math.max(1, Math.round(box.width * scale)), h = this.canvas.height = Math.max(1, Math.round(box.height * scale));
    const context = this.canvas.getContext("2d"), dark = document.documentElement.dataset.theme === "dark";
    const back = dark ? [26, 32, 41] : [255, 255, 255], zoom = 0.94 * Math.min(w, h) / 2 / this.reach * (w > 1.25 * h ? 1.15 : 1);
    const dot = (u, v) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
    const project = p => [w / 2 + zoom * dot(this.rotation[0], p), h / 2 - zoom * dot(this.rotation[1], p), dot(this.rotation[2], p)];
    const lines = this.segments.map(([a, b, place, width]) => { const p = project(a), q = project(b); return {p, q, place, width, depth: (p[2] + q[2]) / 2 + (place === -2 ? 4 : 0)}; });  // a dot before the bonds of its atom
    for (const {letter, points} of this.slabs) { const corners = points.map(project); lines.push({corners, letter, depth: corners.reduce((sum, c) => sum + c[2], 0) / corners.length}); }
    lines.sort((a, b) => a.depth - b.depth);
    context.lineCap = "round";
    const thick = Math.max(1.6 * scale, Math.min(0.95 * zoom, 5 * scale));
    for (const {p, q, place, width, depth, corners, letter} of lines) {
      const near = Math.min(1, Math.max(0, 0.5 + depth / (2 * this.reach)));
      const own = corners ? letterColors[letter] : place === -1 ? [140, 150, 165] : place === -2 ? (dark ? [236, 240, 246] : [24, 30, 42]) : rainbow(place);
      const rgb = own.map((c, i) => Math.round(back[i] + (c - back[i]) * (0.4 + 0.6 * near)));
      if (corners) {
        context.fillStyle = `rgb(${rgb})`; context.strokeStyle = `rgb(${rgb.map(c => Math.round(0.85 * c))})`; context.lineWidth = 0.4 * thick; context.lineJoin = "round";  // visible from its edge
        context.beginPath(); corners.forEach(c => context.lineTo(c[0], c[1])); context.closePath(); context.fill(); context.stroke();
        continue;
      }
      for (const [extra, style] of [[1.6 * scale, `rgb(${back})`], [0, `rgb(${rgb})`]]) {
        context.strokeStyle = style;
        context.lineWidth = thick * width * (0.75 + 0.5 * near) + extra;
        context.beginPath();
        if (place === -2) { context.fillStyle = style; context.arc(p[0], p[1], context.lineWidth / 2, 0, 2 * Math.PI); context.fill(); continue; }
        context.moveTo(p[0], p[1]); context.lineTo(q[0], q[1]); context.stroke();
      }
    }
  }
}
const letterColors = {A: [210, 70, 60], C: [205, 165, 40], G: [60, 150, 85], U: [45, 150, 190]};
function rainbow(t) {  // 5' blue, through green and yellow, to 3' red
  const stops = [[49, 99, 214], [30, 160, 190], [63, 172, 88], [214, 172, 40], [214, 64, 54]];
  const at = Math.min(t, 0.9999) * (stops.length - 1), i = Math.floor(at), f = at - i;
  return stops[i].map((c, k) => c + f * (stops[i + 1][k] - c));
}
// Pairs as arcs over the chain, those of pseudoknots under it, in the colors of the backbone; dots: outliers.
class ArcView {
  constructor(canvas, example) { this.canvas = canvas; this.example = example; this.draw(); }
  draw() {
    const {pairs, outliers, C4} = this.example, n = C4.length / 3;
    const box = this.canvas.getBoundingClientRect(), scale = window.devicePixelRatio || 1;
    const w = this.canvas.width = Math.max(1, Math.round(box.width * scale)), h = this.canvas.height = Math.max(1, Math.round(box.height * scale));
    const context = this.canvas.getContext("2d"), margin = 6 * scale, step = (w - 2 * margin) / Math.max(1, n - 1);
    const x = i => margin + i * step, rgb = i => `rgb(${rainbow(n > 1 ? i / (n - 1) : 0).map(Math.round)})`;
    const widest = over => Math.max(1, ...pairs.filter(p => (p[2] === 0) === over).map(([i, j]) => j - i)) * step / 2;
    const knots = pairs.some(p => p[2] > 0), base = h - (knots ? 0.36 * h : 14 * scale);
    // Flattened where a half circle would leave the picture.
    const over = Math.min(1, (base - 3 * scale) / widest(true)), under = Math.min(1, (h - base - 12 * scale) / widest(false));
    context.lineWidth = Math.max(0.8 * scale, Math.min(2 * scale, 0.6 * step));
    for (const [i, j, order] of pairs) {
      const color = context.createLinearGradient(x(i), 0, x(j), 0), r = (x(j) - x(i)) / 2;
      color.addColorStop(0, rgb(i)); color.addColorStop(1, rgb(j));
      context.strokeStyle = color;
      context.beginPath();
      if (order === 0) context.ellipse(x(i) + r, base, r, Math.max(1, r * over), 0, Math.PI, 2 * Math.PI);
      else context.ellipse(x(i) + r, base, r, Math.max(1, r * under), 0, 0, Math.PI);
      context.stroke();
    }
    const line = context.createLinearGradient(x(0), 0, x(n - 1), 0);
    for (let k = 0; k <= 8; ++k) line.addColorStop(k / 8, `rgb(${rainbow(k / 8).map(Math.round)})`);
    context.fillStyle = line;
    context.fillRect(x(0), base - scale, x(n - 1) - x(0), 2 * scale);
    context.fillStyle = style("--text");
    for (const i of outliers) { context.beginPath(); context.arc(x(i), base + 6 * scale, Math.max(0.9 * scale, Math.min(2 * scale, 0.45 * step)), 0, 2 * Math.PI); context.fill(); }
  }
}
const views = [];
function exampleCaption(set, example) {
  const m = set.metrics, i = example.sample, parts = [`${number(m.length[i])} ${nt}`];
  if (m.paired) parts.push(`${number(Math.round(100 * m.paired[i]))} % in helices`);
  if (m.sc_tm && m.sc_tm[i] !== null) parts.push(`scTM ${number(m.sc_tm[i])}`);
  parts.push(`${number(m[defects][i])} defects / 100 ${nt}`);
  if (m.tm_longer && m.tm_longer[i] !== null) parts.push(`nearest TM ${number(m.tm_longer[i])}`);
  return parts.join(" · ");
}
// FASTA with the dot-bracket under it; of a sample without letters the dot-bracket alone.
function sequenceText(example) {
  if (!example.pairs) return "";
  const named = /[ACGU]/.test(example.letters || ""), lines = named ? [`>${example.name}`, example.letters, example.dot_bracket] : [example.dot_bracket];
  return `<details class="soft" style="font-size:13px"><summary>${named ? "sequence and base pairs" : "base pairs"}</summary><pre style="overflow-x:auto;margin:4px 0">${lines.map(escape).join("\n")}</pre></details>`;
}
function showExamples() {
  const by = set => set.summary.self_consistency ? tip("sc_tm") : tip(defects);
  document.getElementById("examples").innerHTML = sets.map((set, s) => `<h2>${swatch(s)}Backbones${several ? " of " + escape(set.name) : ""} <span class="soft" style="font-size:14px;font-weight:400">by ${by(set)}; ${protein ? "N blue to C red, drag to turn; stubs: Cβ" : "5′ blue to 3′ red, drag to turn; arcs: base pairs, below the line pseudoknots; dots: suites that are outliers" + (sets.some(set => set.summary.examples.some(example => (example.bases || []).some(base => base))) ? "; slabs: bases A red, C yellow, G green, U blue" : "")}</span></h2><section class="three">` + set.summary.examples.map((example, k) => `<div class="card"><div class="caption"><b>${set.metrics.name.length === 1 ? "The sample" : example.rank[0].toUpperCase() + example.rank.slice(1)}</b><span class="soft">${exampleCaption(set, example)}</span></div><canvas class="backbone" tabindex="0" id="view-${s}-${k}" role="img" aria-label="backbone of ${escape(example.name)}"></canvas>${example.pairs ? `<canvas class="arcs" id="arcs-${s}-${k}" role="img" aria-label="base pairs of ${escape(example.name)}: ${escape(example.dot_bracket)}"></canvas>` : ""}<div class="soft" style="font-size:13px;overflow-wrap:anywhere">${escape(example.name)}</div>${sequenceText(example)}</div>`).join("") + "</section>").join("");
  sets.forEach((set, s) => set.summary.examples.forEach((example, k) => {
    views.push(new BackboneView(document.getElementById(`view-${s}-${k}`), example));
    if (example.pairs) views.push(new ArcView(document.getElementById(`arcs-${s}-${k}`), example));
  }));
}

