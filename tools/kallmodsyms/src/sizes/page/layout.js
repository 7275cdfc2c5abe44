// SPDX-License-Identifier: GPL-2.0
//
// Squarified layout: a rectangle for each node, with an area in proportion to the node's bytes. Rows of
// rectangles make each one nearly square.

// Calls place(node, box) for each node, the largest first, up to the first node smaller than `smallest` square
// pixels.
//
// Return: the box of the remaining nodes; null if none remain.
function squarify(nodes, box, smallest, place) {
	let { x, y, width, height } = box;
	const total = nodes.reduce((sum, node) => sum + areas[node], 0);
	const scale = width * height / total;
	let next = 0;
	while (next < nodes.length) {
		const largest = areas[nodes[next]] * scale;
		if (largest < smallest) return { x, y, width, height };

		// A row grows along the shorter side while its least square rectangle becomes more square.
		const side = Math.min(width, height);
		let end = next, rowArea = 0, worst = Infinity;
		while (end < nodes.length) {
			const area = areas[nodes[end]] * scale, sum = rowArea + area;
			const ratio = Math.max(side * side * largest / (sum * sum), sum * sum / (side * side * area));
			if (ratio > worst) break;
			worst = ratio;
			rowArea = sum;
			end++;
		}

		const thickness = rowArea / side;
		const isColumn = width >= height;
		let at = isColumn ? y : x;
		for (; next < end; next++) {
			const length = areas[nodes[next]] * scale / thickness;
			place(nodes[next], isColumn
				? { x, y: at, width: thickness, height: length }
				: { x: at, y, width: length, height: thickness });
			at += length;
		}
		if (isColumn) {
			x += thickness;
			width = Math.max(width - thickness, 0);
		} else {
			y += thickness;
			height = Math.max(height - thickness, 0);
		}
	}
	return null;
}
