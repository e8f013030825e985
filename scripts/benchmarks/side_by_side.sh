#!/usr/bin/env bash
# Draws a native and a sample of the same base pairs beside each other, as the report of `flashrna evaluate` shows them:
# backbones from 5' (blue) to 3' (red), and base pairs as arcs.
#
#   scripts/benchmarks/side_by_side.sh PROGRAM NATIVE SAMPLE PICTURE.png
#
# Needs chromium. The structure with fewer defects is on the left.
set -euo pipefail
usage="usage: scripts/benchmarks/side_by_side.sh PROGRAM NATIVE SAMPLE PICTURE.png"
program=$(realpath "${1:?$usage}") native=$(realpath "${2:?$usage}") sample=$(realpath "${3:?$usage}")
picture=$(realpath -m "${4:?$usage}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/structures"
cp "$native" "$folder/structures/native.${native#*.}"
cp "$sample" "$folder/structures/sample.${sample#*.}"
cd "$folder"
"$program" evaluate --samples structures --reference structures --no-novelty --no-diversity --output report --quiet >/dev/null
# The page in a frame that is moved up to the backbones.
cat >view.html <<'HTML'
<style>body { margin: 0; overflow: hidden } iframe { border: 0; width: 1100px; height: 4200px; position: absolute }</style>
<iframe src="report/report.html"></iframe>
<script>
const frame = document.querySelector("iframe");
setInterval(() => {
  const view = frame.contentDocument?.querySelector("#examples section");
  if (view) frame.style.top = `${8 - view.getBoundingClientRect().top}px`;
}, 200);
</script>
HTML
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --allow-file-access-from-files --window-size=745,490 \
  --virtual-time-budget=30000 --screenshot="$picture" "file://$folder/view.html" 2>/dev/null
[ -s "$picture" ]
