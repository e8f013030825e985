// ---- Charts

const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const charts = [];  // [element, () => [traces, layout]]
function chart(element, make) { charts.push([element, make]); }
function layout(extra) {
  const axis = {gridcolor: style("--grid"), linecolor: style("--line"), zeroline: false, tickcolor: style("--line"), automargin: true};
  const {xaxis, yaxis, ...rest} = extra;
  return {paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: {color: style("--soft"), size: 12, family: "system-ui, sans-serif"}, margin: {l: 48, r: 10, t: 8, b: 40}, showlegend: false, hoverlabel: {bgcolor: style("--card"), bordercolor: style("--line"), font: {color: style("--text")}}, ...rest, xaxis: {...axis, ...xaxis}, yaxis: {...axis, ...yaxis}};
}
const legend = () => ({showlegend: true, legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: {size: 12}}, margin: {l: 52, r: 10, t: 34, b: 44}});
function drawCharts() {
  for (const [element, make] of charts) {
    const [traces, of] = make();
    Plotly.react(element, traces, of, {displaylogo: false, responsive: true, displayModeBar: false});
  }
}
const turn = degrees => (degrees % 360 + 360) % 360;

// Steps of a histogram as [x, density]; angles in degrees, torsions from 0 to 360.
function density(entry, side) {
  if (!entry) return null;  // of an earlier evaluation
  const histogram = entry.histogram, counts = histogram[side].counts, angle = entry.unit === "radian";
  const total = counts.reduce((a, b) => a + b, 0) + histogram[side].below + histogram[side].above;
  if (!total) return null;
  const unit = angle ? DEGREE : 1, width = histogram.width / unit, start = histogram.first / unit;
  const bins = counts.map((count, i) => [start + i * width, count / total / width]);
  if (entry.circular) { for (const bin of bins) bin[0] = turn(bin[0] + 1e-9); bins.sort((a, b) => a[0] - b[0]); }
  const x = bins.map(bin => bin[0]), y = bins.map(bin => bin[1]);
  x.push(x[x.length - 1] + width); y.push(y[y.length - 1]);
  return {x, y};
}
const distance = entry => !entry ? null : entry.circular ? entry.circular_wasserstein : entry.wasserstein;
const entryOf = name => sets.map(set => set.summary.distributions[name]).find(entry => entry);
const shownDistance = entry => { const d = distance(entry); return d === null ? null : entry.unit === "radian" ? d / DEGREE : d; };
const mainDistributions = ["C4'-C4'", "C4'-C4'-C4'", "C4'-C4'-C4'-C4'", "O3'-P", "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "chi", "eta", "theta", "pucker_phase", "pucker_amplitude", "C2'-C1'", "CA-CA", "CA-CA-CA", "CA-CA-CA-CA", "C-N", "N-CA", "CA-C", "N-CA-C", "CA-C-N", "C-N-CA", "phi", "psi", "omega"];
const pairParameters = ["shear", "stretch", "stagger", "buckle", "propeller", "opening"];  // signed
// The range of the histogram's bins, limited to lengths above 0 and angles of 0 to 180 unless the measure is signed.
function entryRange(name) {
  const entry = entryOf(name), angle = entry.unit === "radian", scale = angle ? DEGREE : 1, h = entry.histogram;
  const low = h.first / scale, high = (h.first + h.width * h.samples.counts.length) / scale;
  if (!h.samples.counts.length) return null;
  if (pairParameters.includes(name)) return [low, high];
  return [Math.max(0, low), angle ? Math.min(180, high) : high];
}
function distributionChart(name) {
  const traces = [], axis = {hovermode: false};
  const reference = sets.map(set => density(set.summary.distributions[name], "reference")).find(d => d);
  if (reference) traces.push({...reference, type: "scatter", mode: "lines", name: "reference", line: {shape: "hv", width: 1, color: style("--reference")}, fill: "tozeroy", fillcolor: style("--reference-fill"), hoverinfo: "skip"});
  sets.forEach((set, i) => {
    const d = density(set.summary.distributions[name], "samples");
    if (d) traces.push({...d, type: "scatter", mode: "lines", name: several ? set.name : "samples", line: {shape: "hv", width: 1.8, color: color(i)}, hoverinfo: "skip"});
  });
  const circular = entryOf(name).circular;
  const shown = entryRange(name);
  return [traces, layout({...axis, margin: {l: 8, r: 8, t: 4, b: 26}, xaxis: circular ? {range: [0, 360], tickvals: [0, 90, 180, 270, 360]} : shown ? {range: shown} : {}, yaxis: {showticklabels: false, rangemode: "tozero"}})];
}
function addDistributions() {
  const there = mainDistributions.filter(name => sets.some(set => set.summary.distributions[name] && set.summary.distributions[name].samples.count > 0));
  const host = document.getElementById("distributions");
  host.innerHTML = there.map((name, k) => {
    const unit = definition("distribution:" + name).unit;
    const distances = sets.map((set, i) => `${swatch(i)}${number(shownDistance(set.summary.distributions[name]))}`).join(" ");
    return `<div class="card"><div class="chart-title">${tip("distribution:" + name)}<span class="soft">${hasReference ? `W ${distances} ${unit}` : unit}</span></div><div class="plot" id="d-${k}"></div></div>`;
  }).join("");
  there.forEach((name, k) => chart(document.getElementById(`d-${k}`), () => distributionChart(name)));
  const names = Object.keys(first.distributions).filter(name => sets.some(set => distance(set.summary.distributions[name]) !== null));
  const spread = (entry, side) => { const scale = entry.unit === "radian" ? DEGREE : 1, m = entry[side].mean; return m === null ? "–" : number((entry.circular ? turn(m / DEGREE) : m / scale)); };
  document.getElementById("distances").innerHTML = names.length ? `<table><thead><tr><th>Measure</th>${sets.map((set, i) => `<th>${swatch(i)}${several ? escape(set.name) + ", " : ""}Wasserstein distance</th><th>mean</th>`).join("")}<th>mean, reference</th><th>Unit</th></tr></thead><tbody>` + names.map(name => `<tr><td>${tip("distribution:" + name)}</td>${sets.map(set => { const e = set.summary.distributions[name]; if (!e) return "<td>–</td><td>–</td>"; return `<td>${number(shownDistance(e))}</td><td>${spread(e, "samples")}</td>`; }).join("")}<td>${spread(first.distributions[name], "reference")}</td><td class="soft">${escape(definition("distribution:" + name).unit)}</td></tr>`).join("") + "</tbody></table>" : `<p class="soft">Without a reference there is nothing to compare with.</p>`;
}

// Counts [[value, how many], ...] as shares of all, from `low` on; what is beyond `high` is put there.
function countShares(list, low, high) {
  const shares = new Array(high - low + 1).fill(0), total = list.reduce((sum, [, count]) => sum + count, 0);
  for (const [value, count] of list) shares[Math.min(Math.max(value, low), high) - low] += 100 * count / total;
  return total ? shares : null;
}
const pairsOf = (set, side) => set.summary.base_pairs ? set.summary.base_pairs[side] : null;
function countChart(take, low, high) {
  const x = [], traces = [];
  for (let value = low; value <= high; ++value) x.push(value);
  const reference = sets.map(set => pairsOf(set, "reference")).find(r => r), shares = reference && countShares(take(reference), low, high);
  if (shares) traces.push({type: "bar", name: "reference", x, y: shares, marker: {color: style("--reference-fill")}, width: 1, hovertemplate: "%{x}: %{y:.1f} %<extra>reference</extra>"});
  sets.forEach((set, i) => {
    const own = pairsOf(set, "samples"), y = own && countShares(take(own), low, high);
    if (y) traces.push({type: "scatter", mode: "lines", name: several ? set.name : "samples", x, y, line: {shape: "hvh", width: 1.8, color: color(i)}, hovertemplate: `%{x}: %{y:.1f} %<extra>${several ? escape(set.name) : "samples"}</extra>`});
  });
  return [traces, layout({margin: {l: 30, r: 8, t: 4, b: 26}, xaxis: {range: [low - 0.5, high + 0.5], nticks: 8}, yaxis: {rangemode: "tozero", nticks: 4}})];
}
// How much of the reference is paired at a length: 10th, 50th and 90th percentile of the chains around it.
function pairedBand() {
  const set = sets.find(s => s.summary.base_pairs && s.summary.base_pairs.reference_paired && s.summary.radius_of_gyration.reference_lengths);
  if (!set) return null;
  const chains = set.summary.radius_of_gyration.reference_lengths.map((length, i) => [length, 100 * set.summary.base_pairs.reference_paired[i]]).sort((a, b) => a[0] - b[0]);
  const band = {x: [], low: [], middle: [], high: []};
  if (chains.length < 10) return {chains, band};
  for (let length = chains[0][0]; length <= chains[chains.length - 1][0]; length *= 1.1) {
    const near = chains.filter(c => c[0] > length / 1.3 && c[0] < length * 1.3).map(c => c[1]).sort((a, b) => a - b);
    if (near.length < 8) continue;
    const at = share => near[Math.round(share * (near.length - 1))];
    band.x.push(length); band.low.push(at(0.1)); band.middle.push(at(0.5)); band.high.push(at(0.9));
  }
  return {chains, band};
}
function pairedChart() {
  const traces = [], reference = pairedBand();
  if (reference && reference.band.x.length) {
    const {x, low, middle, high} = reference.band;
    traces.push({type: "scatter", mode: "lines", x, y: low, line: {width: 0}, hoverinfo: "skip", showlegend: false});
    traces.push({type: "scatter", mode: "lines", name: "reference, 10 to 90 %", x, y: high, line: {width: 0}, fill: "tonexty", fillcolor: style("--reference-fill"), hoverinfo: "skip"});
    traces.push({type: "scatter", mode: "lines", name: "reference, median", x, y: middle, line: {width: 1.3, dash: "dash", color: style("--text")}, hoverinfo: "skip"});
  } else if (reference) {
    traces.push({type: "scatter", mode: "markers", name: "reference", x: reference.chains.map(c => c[0]), y: reference.chains.map(c => c[1]), marker: {size: 4, color: style("--reference"), opacity: 0.5}, hoverinfo: "skip"});
  }
  const lengths = [];
  sets.forEach((set, i) => {
    if (!set.metrics.paired) return;
    lengths.push(...set.metrics.length);
    traces.push({type: "scatter", mode: "markers", name: several ? set.name : "samples", x: set.metrics.length, y: set.metrics.paired.map(v => v === null ? null : 100 * v), text: set.metrics.name, marker: {size: 6, color: color(i), opacity: 0.75}, hovertemplate: "%{text}<br>%{x} nt, %{y:.0f} %<extra></extra>"});
  });
  const low = Math.max(3, Math.min(...lengths) / 1.3), high = Math.max(...lengths) * 1.3;
  const ticks = [3, 5, 8, 12, 20, 30, 40, 60, 80, 120, 200, 300, 500, 800, 1200, 2000, 3000, 5000, 10000];
  return [traces, layout({...legend(), xaxis: {type: "log", range: [Math.log10(low), Math.log10(high)], tickvals: ticks, title: {text: "length (nt)"}}, yaxis: {range: [-3, 103], title: {text: "nucleotides in helices (%)"}}})];
}
// Shares of the conformers, the most frequent ones of any set; outliers first.
function conformerChart() {
  const parts = [];
  const reference = sets.map(set => pairsOf(set, "reference")).find(r => r);
  if (reference) parts.push(["reference", reference.conformers, style("--reference")]);
  sets.forEach((set, i) => { const own = pairsOf(set, "samples"); if (own) parts.push([several ? set.name : "samples", own.conformers, color(i)]); });
  const shares = parts.map(([, counts]) => { const total = Object.values(counts).reduce((a, b) => a + b, 0) || 1; return name => 100 * (counts[name] || 0) / total; });
  const all = [...new Set(parts.flatMap(([, counts]) => Object.keys(counts)))].filter(name => name !== "!!");
  const most = name => Math.max(...shares.map(of => of(name)));
  const names = ["!!", ...all.sort((a, b) => most(b) - most(a) || (a < b ? -1 : 1)).slice(0, 17)];
  const x = names.map(name => name === "!!" ? "out" : name);
  const traces = parts.map(([label, , fill], k) => ({type: "bar", name: label, x, y: names.map(shares[k]), marker: {color: fill}, hovertemplate: `%{x}: %{y:.2f} %<extra>${escape(label)}</extra>`}));
  return [traces, layout({...legend(), barmode: "group", bargap: 0.25, xaxis: {type: "category", title: {text: "conformer"}, tickangle: 0}, yaxis: {type: "log", range: [-1, 2], tickvals: [0.1, 0.3, 1, 3, 10, 30, 100], title: {text: "% of suites"}}})];
}
function addPairs() {
  if (!sets.some(set => set.summary.base_pairs)) return;
  const counts = [["helices", tip("median_helix_length", "Helix lengths"), "bp", part => part.helices, 2, 16], ["hairpins", tip("median_hairpin", "Hairpin loops"), "nt", part => part.loops.hairpin, 0, 20], ["bulges", tip("median_bulge", "Bulges"), "nt", part => part.loops.bulge, 1, 12], ["interiors", tip("median_interior", "Interior loops"), "nt", part => part.loops.interior, 2, 24], ["multiloops", tip("median_multiloop", "Multiloops"), "nt", part => part.loops.multiloop, 0, 40]];
  const distances = ["pair_C1'-C1'", "pair_N-N", ...pairParameters].filter(name => sets.some(set => set.summary.distributions[name] && set.summary.distributions[name].samples.count > 0));
  const cards = counts.map(([id, title, unit]) => `<div class="card"><div class="chart-title">${title}<span class="soft">%, by ${unit}; last: and more</span></div><div class="plot" id="p-${id}"></div></div>`).concat(distances.map((name, k) => `<div class="card"><div class="chart-title">${tip("distribution:" + name)}<span class="soft">${definition("distribution:" + name).unit}</span></div><div class="plot" id="pd-${k}"></div></div>`));
  document.getElementById("pairs").innerHTML = `<h2>Base pairs and backbone conformers</h2><section class="pair"><div class="card"><div class="chart-title">${tip("paired_rate", "Nucleotides in helices against length")}</div><div class="plot" id="p-paired"></div></div><div class="card"><div class="chart-title">${tip("suite_outlier_rate", "Backbone conformers")}</div><div class="plot" id="p-conformers"></div></div></section><section class="charts" style="margin-top:14px">${cards.join("")}</section>`;
  chart(document.getElementById("p-paired"), pairedChart);
  chart(document.getElementById("p-conformers"), conformerChart);
  for (const [id, , , take, low, high] of counts) chart(document.getElementById(`p-${id}`), () => countChart(take, low, high));
  distances.forEach((name, k) => chart(document.getElementById(`pd-${k}`), () => distributionChart(name)));
}

// eta and theta, or phi and psi: the reference as a map of counts on a logarithmic scale, the samples as points.
function etaThetaChart() {
  const dark = document.documentElement.dataset.theme === "dark", traces = [];
  const grid = sets.map(set => set.summary[torsionPair.key].reference).find(g => g);
  const n = Math.round(Math.sqrt(first[torsionPair.key].samples.length)), bin = 360 / n, centers = [];
  for (let i = 0; i < n; ++i) centers.push((i + 0.5) * bin);
  if (grid) {
    const shift = n / 2, z = [];
    for (let r = 0; r < n; ++r) {
      z.push([]);
      for (let c = 0; c < n; ++c) { const count = grid[((r + shift) % n) * n + (c + shift) % n]; z[r].push(count ? Math.log10(1 + count) : null); }
    }
    const scale = dark ? [[0, "#273140"], [0.5, "#4a5b73"], [1, "#a9b9d0"]] : [[0, "#eceff4"], [0.5, "#b7c2d2"], [1, "#5c6c84"]];
    traces.push({type: "heatmap", x: centers, y: centers, z, colorscale: scale, showscale: false, hoverinfo: "skip", name: "reference", showlegend: true});
  }
  sets.forEach((set, i) => {
    const points = set.summary[torsionPair.key].points;
    traces.push({type: "scatter", mode: "markers", name: several ? set.name : "samples", x: points[`${torsionPair.x[0]}_degrees`].map(turn), y: points[`${torsionPair.y[0]}_degrees`].map(turn), marker: {size: 3.6, color: color(i), opacity: 0.55}, hovertemplate: `${torsionPair.x[1]} %{x:.0f}°, ${torsionPair.y[1]} %{y:.0f}°<extra></extra>`});
  });
  const box = {type: "rect", x0: 143, x1: 193, y0: 187, y1: 237, line: {color: style("--text"), width: 1, dash: "dot"}};
  const axis = {range: [0, 360], tickvals: [0, 60, 120, 180, 240, 300, 360]};
  const marks = protein ? {} : {shapes: [box], annotations: [{x: 193, y: 237, text: "A-form", showarrow: false, xanchor: "left", yanchor: "bottom", font: {size: 12, color: style("--text")}}]};
  return [traces, layout({...legend(), xaxis: {...axis, title: {text: `${torsionPair.x[1]} (°)`}}, yaxis: {...axis, title: {text: `${torsionPair.y[1]} (°)`}}, ...marks})];
}
function gyrationChart() {
  const traces = [], fit = first.radius_of_gyration;
  if (fit.reference_lengths) traces.push({type: "scatter", mode: "markers", name: "reference", x: fit.reference_lengths, y: fit.reference_radii, marker: {size: 4, color: style("--reference"), opacity: 0.5}, hovertemplate: `%{x} ${nt}, %{y:.1f} Å<extra>reference</extra>`});
  sets.forEach((set, i) => traces.push({type: "scatter", mode: "markers", name: several ? set.name : "samples", x: set.metrics.length, y: set.metrics.radius_of_gyration, text: set.metrics.name, marker: {size: 6, color: color(i), opacity: 0.75}, hovertemplate: `%{text}<br>%{x} ${nt}, %{y:.1f} Å<extra></extra>`}));
  const lengths = sets.flatMap(set => set.metrics.length), least = Math.min(...lengths), most = Math.max(...lengths);
  const low = Math.max(3, least / 1.8), high = most * 1.8;
  if (fit.prefactor) {
    const x = [], y = [];
    for (let k = 0; k <= 60; ++k) { x.push(low * Math.pow(high / low, k / 60)); y.push(fit.prefactor * Math.pow(x[k], fit.exponent)); }
    traces.push({type: "scatter", mode: "lines", name: `${number(fit.prefactor)} Å · L<sup>${number(fit.exponent)}</sup>`, x, y, line: {color: style("--text"), width: 1.3, dash: "dash"}, hoverinfo: "skip"});
  }
  const radii = sets.flatMap(set => set.metrics.radius_of_gyration).concat(fit.prefactor ? [fit.prefactor * Math.pow(low, fit.exponent), fit.prefactor * Math.pow(high, fit.exponent)] : []);
  const range = [Math.log10(Math.min(...radii) / 1.25), Math.log10(Math.max(...radii) * 1.25)];
  const ticks = [3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 300, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 10000];
  return [traces, layout({...legend(), xaxis: {type: "log", range: [Math.log10(low), Math.log10(high)], tickvals: ticks, title: {text: `length (${nt})`}}, yaxis: {type: "log", range, tickvals: ticks, title: {text: "radius of gyration (Å)"}}})];
}
function tmChart(column) {
  const traces = sets.map((set, i) => ({type: "histogram", name: several ? set.name : "samples", x: (set.metrics[column] || []).filter(v => v !== null), xbins: {start: 0, end: 1.0001, size: 0.025}, histnorm: "percent", marker: {color: color(i)}, opacity: several ? 0.6 : 0.85, hovertemplate: "%{x}: %{y:.1f} %<extra></extra>"}));
  const cut = protein ? 0.5 : 0.45, line = {type: "line", x0: cut, x1: cut, y0: 0, y1: 1, yref: "paper", line: {color: style("--text"), width: 1, dash: "dot"}};
  return [traces, layout({barmode: "overlay", ...(several ? legend() : {}), xaxis: {range: [0, 1], title: {text: "TM-score"}}, yaxis: {title: {text: "% of samples"}}, shapes: [line]})];
}
function validityChart() {
  const traces = sets.map((set, i) => {
    const rows = (set.summary.self_consistency || {by_length: []}).by_length;
    const share = rows.map(r => 100 * r.valid / r.scored);
    return {type: "scatter", mode: "markers", name: several ? set.name : "samples", x: rows.map(r => (r.first + r.last) / 2), y: share, marker: {size: 9, color: color(i)}, text: rows.map(r => `${r.first === r.last ? r.first : r.first + " to " + r.last} nt: ${r.valid} of ${r.scored}`), hovertemplate: "%{text}<extra></extra>", error_y: {type: "data", symmetric: false, array: rows.map((r, k) => 100 * r.high - share[k]), arrayminus: rows.map((r, k) => share[k] - 100 * r.low), color: color(i), thickness: 1.2}};
  });
  return [traces, layout({...(several ? legend() : {}), xaxis: {title: {text: "length (nt)"}}, yaxis: {range: [-4, 104], title: {text: "valid (%), 95 % interval"}}})];
}
function addScores() {
  const shown = [["tm_to_reference", tip("tm_to_reference")], ["tm_longer", tip("tm_longer")], ["sc_tm", tip("sc_tm")]].filter(([column]) => sets.some(set => set.metrics[column] && set.metrics[column].some(v => v !== null)));
  const validity = sets.some(set => set.summary.self_consistency);
  if (!shown.length && !validity) return;
  const cards = shown.map(([column, title]) => `<div class="card"><div class="chart-title">${title}</div><div class="plot" style="height:260px" id="tm-${column}"></div></div>`);
  if (validity) cards.push(`<div class="card"><div class="chart-title">${tip("validity", "Validity by length")}</div><div class="plot" style="height:260px" id="validity"></div></div>`);
  document.getElementById("scores").innerHTML = `<h2>TM-scores</h2><section class="pair">${cards.join("")}</section>`;
  for (const [column] of shown) chart(document.getElementById(`tm-${column}`), () => tmChart(column));
  if (validity) chart(document.getElementById("validity"), validityChart);
}

// ---- Samples

const sampleColumns = ["length", "pair_f1", "loop_f1", "judge_score", "paired", "median_helix", "suite_outliers", "suiteness", "breaks", "ca_near", "c_n_near", "clashes_per_100_atoms", "inverted_centers", "a_form", "alpha_region", "beta_region", "rg_ratio", "cluster", "tm_to_reference", "tm_longer", "sc_tm", "sc_rmsd", "native_lddt", "native_rmsd", "native_tm", defects];
let order = {column: defects, rising: true};
function samplesTable() {
  const most = 300, columns = sampleColumns.filter(c => sets.some(set => set.metrics[c] && set.metrics[c].some(v => v !== null)));
  const rows = sets.flatMap((set, s) => set.metrics.name.map((name, i) => ({set, s, i, name})));
  const cell = (row, column) => row.set.metrics[column] ? row.set.metrics[column][row.i] : null;
  const value = row => order.column === "name" ? row.name : cell(row, order.column);
  rows.sort((a, b) => { const x = value(a), y = value(b); if (x === null || y === null) return (x === null) - (y === null); return (x < y ? -1 : x > y ? 1 : a.i - b.i) * (order.rising ? 1 : -1); });
  const mark = c => c === order.column ? (order.rising ? " ▲" : " ▼") : "";
  const head = `<th data-column="name">${tip("name")}${mark("name")}</th>` + columns.map(c => `<th data-column="${c}">${tip(c)}${mark(c)}</th>`).join("");
  const body = rows.slice(0, most).map(row => `<tr><td>${swatch(row.s)}${escape(row.name)}</td>${columns.map(c => `<td>${number(cell(row, c))}</td>`).join("")}</tr>`).join("");
  const host = document.getElementById("samples");
  host.innerHTML = `${rows.length > most ? `<p class="soft">The first ${most} of ${number(rows.length)}; all are in metrics.csv.</p>` : ""}<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
  for (const th of host.querySelectorAll("th")) th.addEventListener("click", () => { const c = th.dataset.column; order = {column: c, rising: c === order.column ? !order.rising : true}; samplesTable(); });
}

// ---- Light and dark

const button = document.getElementById("theme");
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  button.textContent = theme === "dark" ? "Light" : "Dark";
  for (const view of views) view.draw();
  if (window.Plotly) drawCharts();
}
button.addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
const wanted = window.matchMedia("(prefers-color-scheme: dark)");
wanted.addEventListener("change", event => setTheme(event.matches ? "dark" : "light"));

async function loadPlotly() {
  const bytes = Uint8Array.from(atob(document.getElementById("plotly").textContent), c => c.charCodeAt(0));
  const text = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  const script = document.createElement("script");
  script.textContent = text;
  document.head.appendChild(script);
  script.remove();
}
async function show() {
  setTheme(wanted.matches ? "dark" : "light");
  document.getElementById("eta-title").innerHTML = `${tip(`distribution:${torsionPair.x[0]}`, torsionPair.x[1])} and ${tip(`distribution:${torsionPair.y[0]}`, torsionPair.y[1])}, ${protein ? "the Ramachandran plot" : "the pseudo-torsions"}`;
  document.getElementById("rg-title").innerHTML = tip("radius_of_gyration", "Radius of gyration against length");
  showExamples();
  addPairs();
  chart(document.getElementById("eta"), etaThetaChart);
  chart(document.getElementById("rg"), gyrationChart);
  addScores();
  addDistributions();
  samplesTable();
  await loadPlotly();
  drawCharts();
  window.addEventListener("resize", () => views.forEach(view => view.draw()));
  document.documentElement.dataset.ready = "yes";
}
show();
