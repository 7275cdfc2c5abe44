// SPDX-License-Identifier: GPL-2.0
//
// The table: the entries of the view as text.

const rows = document.getElementById("rows");
const more = document.getElementById("more");
const ROWS = 200;

let listed = [];
let viewed = 0;

function writeHead() {
	const columns = isDifference ? ["Name", "Kind", "Old", "New", "Change"] : ["Name", "Kind", "Bytes", "Share"];
	document.getElementById("head").replaceChildren(...columns.map((name) => cell("th", name, { scope: "col" })));
}

// Lists the entries of a group. In a page of differences, the entry with the largest change comes first.
function list(group) {
	viewed = group;
	listed = [...children(group)];
	if (isDifference) {
		listed.sort((one, other) => Math.abs(change(other)) - Math.abs(change(one)));
	}
	const place = group === 0 ? "the kernel" : places[group];
	const symbols = `${exact(shownSymbols[group])} ${shownSymbols[group] === 1 ? "symbol" : "symbols"}`;
	document.getElementById("caption").textContent = `Entries of ${place}: ${exact(listed.length)}, with ${symbols}`;
	rows.replaceChildren();
	listMore();
	document.getElementById("list").scrollTop = 0;
}

function listMore() {
	const start = rows.children.length;
	rows.append(...listed.slice(start, start + ROWS).map(row));
	const left = listed.length - rows.children.length;
	more.hidden = left === 0;
	more.textContent = `Show ${exact(Math.min(left, ROWS))} more of ${exact(left)}`;
}

function row(node) {
	const group = branching(node);
	const name = cell("th", "", { scope: "row" });
	const text = nameBelow(viewed, group);
	name.append(isLeaf(group) ? text : cell("a", text, { href: addressOf(group) }));
	const kind = cell("td", levelOf(group));
	kind.prepend(swatch(kinds[kindOf(group)]));
	const numbers = isDifference
		? [exact(oldBytes[node]), exact(newBytes[node]), signed(change(node), exact)]
		: [exact(areas[node]), share(node)];
	const line = cell("tr", "");
	line.dataset.node = group;
	line.append(name, kind, ...numbers.map((number) => cell("td", number)));
	return line;
}

const share = (node) => `${(100 * areas[node] / areas[viewed]).toFixed(1)} %`;

function swatch(kind) {
	const square = cell("span", "", { class: "swatch" });
	square.style.background = `var(--${kind})`;
	return square;
}

function cell(element, text, attributes = {}) {
	const made = document.createElement(element);
	made.textContent = text;
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	return made;
}
