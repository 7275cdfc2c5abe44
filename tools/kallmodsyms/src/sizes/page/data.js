// SPDX-License-Identifier: GPL-2.0
//
// The data of the page: names, and the bytes of each group under a filter.
//
// A node is a group (a directory, module or object file) or a leaf (a symbol). Groups have the numbers below
// groupCount, and the number of a group is above that of the group around it. Leaves have the numbers from
// groupCount on.

const data = JSON.parse(document.getElementById("data").textContent);
const isDifference = data.sources.length === 2;
const groupCount = data.groups.parents.length;
const leafCount = data.leaves.shared.length;
const nodeCount = groupCount + leafCount;

const LEVELS = { d: "directory", m: "module", o: "object file", n: "other" };
// The name of a leaf for bytes that no symbol has.
const NO_SYMBOL = "(no symbol)";
const GROWTHS = ["grown", "shrunk", "new", "gone", "same"];

// The kinds of leaves, one for each colour.
const kinds = isDifference ? GROWTHS : data.classes;

const names = new Array(nodeCount);
const parents = new Int32Array(nodeCount);
const firstLeaves = new Int32Array(groupCount + 1);
const subgroups = [];
const leafKinds = new Uint8Array(leafCount);

// For each group, the names of the groups around it and its own name, as in the address of the page.
const places = [];
// For each group, the text that the filter searches: the modules, then the path without modules.
const searched = [];

// For each node, the bytes that the filter shows. The area of a leaf is the larger of its old and new bytes.
// The area of a group is the sum over its leaves.
const areas = new Float64Array(nodeCount);
const oldBytes = new Float64Array(nodeCount);
const newBytes = new Float64Array(nodeCount);
const shownSymbols = new Int32Array(groupCount);
const areasByKind = new Float64Array(groupCount * kinds.length);
let sortedChildren = new Map();

const isLeaf = (node) => node >= groupCount;

function readGroups() {
	const { parents: around, levels, names: groupNames, counts } = data.groups;
	const modules = [], paths = [];
	let leaf = 0;
	for (let group = 0; group < groupCount; group++) {
		const parent = around[group];
		parents[group] = group === 0 ? -1 : parent;
		names[group] = groupNames[group];
		subgroups.push([]);
		firstLeaves[group] = leaf;
		leaf += counts[group];
		if (group === 0) {
			names[0] = "kernel";
			places.push(""), modules.push(""), paths.push("");
		} else {
			subgroups[parent].push(group);
			const name = names[group], isModule = levels[group] === "m";
			places.push(places[parent] + name + (isModule ? "/" : ""));
			modules.push(isModule ? name : modules[parent]);
			paths.push(isModule ? paths[parent] : paths[parent] + name);
		}
		searched.push(`${modules[group]} ${paths[group]}`.toLowerCase());
		parents.fill(group, groupCount + firstLeaves[group], groupCount + leaf);
	}
	firstLeaves[groupCount] = leaf;
}

function readLeaves() {
	const { shared, names: ends, classes, sizes, old, new: now } = data.leaves;
	const nothingShared = "?".charCodeAt(0);
	let before = "";
	for (let leaf = 0; leaf < leafCount; leaf++) {
		before = before.slice(0, shared.charCodeAt(leaf) - nothingShared) + ends[leaf];
		names[groupCount + leaf] = before;
		leafKinds[leaf] = isDifference ? growth(old[leaf], now[leaf]) : classes.charCodeAt(leaf) - 48;
	}
	// A page of one kernel has the same bytes as old and as new.
	data.leaves.old = isDifference ? old : sizes;
	data.leaves.new = isDifference ? now : sizes;
}

// An index in GROWTHS. A number of bytes below 0 means that the kernel has no such symbol.
function growth(old, now) {
	if (old < 0) return GROWTHS.indexOf("new");
	if (now < 0) return GROWTHS.indexOf("gone");
	return GROWTHS.indexOf(now > old ? "grown" : now < old ? "shrunk" : "same");
}

// Counts the bytes of the leaves whose name, path or module contains the text and whose kind is not hidden.
function count(text, hiddenKinds) {
	const wanted = text.trim().toLowerCase();
	const hidden = kinds.map((kind) => hiddenKinds.has(kind));
	for (const sums of [areas, oldBytes, newBytes, shownSymbols, areasByKind]) sums.fill(0);
	sortedChildren = new Map();
	for (let group = 0; group < groupCount; group++) {
		const isWhole = searched[group].includes(wanted);
		for (let leaf = firstLeaves[group]; leaf < firstLeaves[group + 1]; leaf++) {
			const node = groupCount + leaf, kind = leafKinds[leaf];
			if (hidden[kind] || !isWhole && !names[node].toLowerCase().includes(wanted)) continue;
			oldBytes[node] = Math.max(data.leaves.old[leaf], 0);
			newBytes[node] = Math.max(data.leaves.new[leaf], 0);
			areas[node] = Math.max(oldBytes[node], newBytes[node]);
			areasByKind[group * kinds.length + kind] += areas[node];
			oldBytes[group] += oldBytes[node];
			newBytes[group] += newBytes[node];
			areas[group] += areas[node];
			if (names[node] !== NO_SYMBOL) shownSymbols[group]++;
		}
	}
	for (let group = groupCount - 1; group > 0; group--) {
		const parent = parents[group];
		for (const sums of [areas, oldBytes, newBytes, shownSymbols]) sums[parent] += sums[group];
		for (let kind = 0; kind < kinds.length; kind++) {
			areasByKind[parent * kinds.length + kind] += areasByKind[group * kinds.length + kind];
		}
	}
}

// The nodes in a group that the filter shows, the largest first.
function children(group) {
	let nodes = sortedChildren.get(group);
	if (!nodes) {
		nodes = subgroups[group].filter((node) => areas[node] > 0);
		for (let leaf = firstLeaves[group]; leaf < firstLeaves[group + 1]; leaf++) {
			if (areas[groupCount + leaf] > 0) nodes.push(groupCount + leaf);
		}
		nodes.sort((one, other) => areas[other] - areas[one]);
		sortedChildren.set(group, nodes);
	}
	return nodes;
}

// Follows groups that have only one group to show, and nothing else. Return: the first node that is not such a
// group.
function branching(node) {
	while (!isLeaf(node)) {
		const [only, second] = children(node);
		if (second !== undefined || only === undefined || isLeaf(only)) break;
		node = only;
	}
	return node;
}

// The names from below a group to a node in it: "ext4/[ext4]".
function nameBelow(group, node) {
	const parts = [];
	for (let at = node; at !== group && at >= 0; at = parents[at]) parts.unshift(names[at]);
	return parts.join(" ").replaceAll("/ ", "/");
}

// An index in kinds: the kind whose colour a node has.
function kindOf(node) {
	if (isLeaf(node)) return leafKinds[node - groupCount];
	if (isDifference) return growth(oldBytes[node] || -1, newBytes[node] || -1);
	let largest = 0;
	const row = areasByKind.subarray(node * kinds.length, (node + 1) * kinds.length);
	row.forEach((bytes, kind) => { if (bytes > row[largest]) largest = kind; });
	return largest;
}

const levelOf = (node) => isLeaf(node) ? kinds[kindOf(node)] : node === 0 ? "kernel" : LEVELS[data.groups.levels[node]];

const grouped = new Intl.NumberFormat("en");
const exact = (bytes) => grouped.format(bytes);

// 1234567 as "1.2 MiB".
function short(bytes) {
	const units = ["B", "KiB", "MiB", "GiB"];
	let unit = 0;
	for (; Math.abs(bytes) >= 1024 && unit < units.length - 1; unit++) bytes /= 1024;
	return `${unit > 0 && Math.abs(bytes) < 10 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

const signed = (bytes, text) => bytes > 0 ? `+${text(bytes)}` : text(bytes).replace("-", "\u2212");
const change = (node) => newBytes[node] - oldBytes[node];

readGroups();
readLeaves();
