// SPDX-License-Identifier: GPL-2.0
//
// Draws a group on the canvas. Groups in it have a head with their name, if there is room for one.

const canvas = document.getElementById("canvas");
const context = canvas.getContext("2d", { alpha: false });

const FONT = '12px system-ui, "DejaVu Sans", sans-serif';
const HEAD = 17;
const LINE = 15;
// In square pixels. The entries of a group that are below SMALLEST_LEAF are drawn as one box, in the colour of
// the group. A group below SMALLEST_GROUP is drawn without its entries.
const SMALLEST_LEAF = 9;
const SMALLEST_GROUP = 120;
// The least width of a group with a head.
const SMALLEST_HEAD = 44;

// The drawn cells: each has a node, its box, and the number of the view's entry around it.
let cells = [];
// The cells of the view's entries.
let entries = [];
let colours;

function readColours() {
	const style = getComputedStyle(document.documentElement);
	const colour = (name) => style.getPropertyValue(`--${name}`).trim();
	const fills = kinds.map(colour);
	colours = { page: colour("page"), frame: colour("frame"), ink: colour("ink"), line: colour("line"), fills,
		inks: fills.map((fill) => contrastingInk(fill)) };
}

// Black or white, whichever has more contrast to a colour like #9cc3f0.
function contrastingInk(fill) {
	const linear = [1, 3, 5].map((at) => {
		const part = parseInt(fill.slice(at, at + 2), 16) / 255;
		return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
	});
	const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
	return (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

// Draws the entries of a group over the whole canvas.
function draw(group) {
	const ratio = window.devicePixelRatio || 1;
	const width = canvas.clientWidth, height = canvas.clientHeight;
	canvas.width = Math.round(width * ratio);
	canvas.height = Math.round(height * ratio);
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	context.font = FONT;
	context.textBaseline = "middle";
	context.fillStyle = colours.page;
	context.fillRect(0, 0, width, height);
	cells = [];
	entries = [];
	if (width > 0 && height > 0 && areas[group] > 0) {
		drawInside(group, { x: 0, y: 0, width, height }, -1);
	}
}

function drawInside(group, box, entry) {
	const place = (node, inner) => isLeaf(node) ? drawLeaf(node, inner, entry) : drawGroup(group, node, inner, entry);
	const rest = squarify(children(group), box, SMALLEST_LEAF, place);
	if (!rest) return;
	const kind = kindOf(group);
	fill(kind, rest, 0.25);
	if (rest.width > SMALLEST_HEAD && rest.height > LINE) {
		context.fillStyle = colours.inks[kind];
		label("smaller entries", rest.x + 4, rest.y + LINE / 2 + 1, rest.width - 8);
	}
	cells.push({ node: group, isRest: true, ...rest, entry });
}

// Adds a cell. Return: the number of the entry that the cell is in.
function add(node, box, entry, isHead) {
	const cell = { node, ...box, isHead, entry: entry < 0 ? entries.length : entry };
	cells.push(cell);
	if (entry < 0) entries.push(cell);
	return cell.entry;
}

function drawLeaf(node, box, entry) {
	add(node, box, entry, false);
	const kind = leafKinds[node - groupCount];
	const { width, height } = fill(kind, box, Math.min(box.width, box.height) > 6 ? 1 : 0.25);
	if (width < 26 || height < LINE) return;
	context.fillStyle = colours.inks[kind];
	const isNamed = label(names[node], box.x + 4, box.y + LINE / 2 + 1, width - 8) > 0;
	const size = sizeText(node);
	if (isNamed && height >= 2 * LINE && context.measureText(size).width <= width - 8) {
		context.fillText(size, box.x + 4, box.y + LINE * 1.5 + 1);
	}
}

function drawGroup(around, node, box, entry) {
	const group = branching(node);
	const { x, y, width, height } = box;
	const number = add(group, box, entry, true);
	if (width * height < SMALLEST_GROUP || Math.min(width, height) < 6) {
		fill(kindOf(group), box, 0.25);
		return;
	}
	const hasHead = width >= SMALLEST_HEAD && height >= HEAD + 12;
	const edge = hasHead ? 2 : 1;
	const top = hasHead ? HEAD : edge;
	context.fillStyle = colours.line;
	context.fillRect(x + 0.5, y + 0.5, width - 1, height - 1);
	context.fillStyle = colours.frame;
	context.fillRect(x + 1, y + 1, width - 2, height - 2);
	drawInside(group, { x: x + edge, y: y + top, width: width - 2 * edge, height: height - top - edge }, number);
	if (!hasHead) return;
	context.fillStyle = colours.ink;
	const room = width - 8;
	const used = label(nameBelow(around, group), x + 4, y + HEAD / 2 + 1, room);
	const size = sizeText(group), sizeWidth = context.measureText(size).width;
	if (used > 0 && used + sizeWidth + 12 < room) {
		context.globalAlpha = 0.8;
		context.fillText(size, x + width - 4 - sizeWidth, y + HEAD / 2 + 1);
		context.globalAlpha = 1;
	}
}

// Fills a box, except a gap at its right and lower edges. Return: the size of the filled part.
function fill(kind, box, gap) {
	const width = Math.max(box.width - gap, 0), height = Math.max(box.height - gap, 0);
	context.fillStyle = colours.fills[kind];
	context.fillRect(box.x, box.y, width, height);
	return { width, height };
}

const sizeText = (node) => isDifference ? signed(change(node), short) : short(areas[node]);

// Writes as much of a text as fits. Return: the width of the written text; 0 if fewer than three letters fit.
function label(text, x, y, room) {
	let width = context.measureText(text).width;
	if (width > room) {
		let letters = Math.floor(text.length * room / width);
		do {
			text = text.slice(0, letters--) + "…";
			width = context.measureText(text).width;
		} while (width > room && letters > 0);
		if (text.length < 4 || width > room) return 0;
	}
	context.fillText(text, x, y);
	return width;
}

// The last cell that was drawn at a point; undefined if no cell has the point.
function cellAt(x, y) {
	return cells.findLast((cell) => x >= cell.x && x < cell.x + cell.width && y >= cell.y && y < cell.y + cell.height);
}
