// SPDX-License-Identifier: GPL-2.0
//
// The view: the group that the page shows, the filter, and the actions of pointer and keys. The page's address
// has the view behind its #, so links, bookmarks and the browser's back button work.

const filter = document.getElementById("filter");
const map = document.getElementById("map");
const mark = document.getElementById("mark");
const hint = document.getElementById("hint");

let view = { group: 0, text: "", hidden: new Set() };
// The number of the chosen entry of the view; -1 if none is chosen.
let chosen = -1;

// The address of another view: "#at=fs/ext4/&filter=init&hide=bss".
function addressOf(group, text = view.text, hidden = view.hidden) {
	const parts = [["at", places[group]], ["filter", text], ["hide", [...hidden].join(",")]];
	const given = parts.filter(([, value]) => value !== "");
	return "#" + given.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2F", "/")}`).join("&");
}

function viewOfAddress() {
	const parts = new Map(location.hash.slice(1).split("&").map((part) => {
		const [name, value = ""] = part.split("=");
		return [name, readable(value)];
	}));
	const hidden = (parts.get("hide") ?? "").split(",").filter((kind) => kinds.includes(kind));
	const place = parts.get("at") ?? "";
	const group = Math.max(places.indexOf(place), places.indexOf(`${place}/`), 0);
	return { group, text: parts.get("filter") ?? "", hidden: new Set(hidden) };
}

// An address that a person typed can have a wrong escape.
function readable(value) {
	try {
		return decodeURIComponent(value);
	} catch {
		return value;
	}
}

function enter(group) {
	location.hash = addressOf(group);
}

// Shows the nearest group around the view that has several entries, or the kernel. Chooses the entry that leads
// back to the view.
function leave() {
	const left = view.group;
	if (left === 0) return;
	let around = parents[left];
	while (around > 0 && children(around).length < 2) around = parents[around];
	enter(around);
	showView();
	choose(entries.findIndex((cell) => cell.node === left || cell.node === branching(left)));
}

// Shows the view in the page's address, if it differs from the current view.
function showView() {
	const next = viewOfAddress();
	const isCounted = next.text === view.text && String([...next.hidden]) === String([...view.hidden]);
	const isSame = isCounted && next.group === view.group;
	view = next;
	if (isSame) return;
	if (!isCounted) count(view.text, view.hidden);
	show();
}

function show() {
	if (filter.value !== view.text) filter.value = view.text;
	for (const box of document.querySelectorAll("#legend input")) box.checked = !view.hidden.has(box.value);
	const bytes = isDifference
		? `${exact(oldBytes[0])} → ${exact(newBytes[0])} bytes, ${signed(change(0), exact)}`
		: `${exact(areas[0])} bytes (${short(areas[0])})`;
	const isPart = view.text !== "" || view.hidden.size > 0;
	document.getElementById("total").textContent =
		`${isPart ? "Shown: " : ""}${exact(shownSymbols[0])} symbols, ${bytes}`;
	writeTrail();
	list(view.group);
	chosen = -1;
	paint();
}

function paint() {
	hint.hidden = true;
	draw(view.group);
	choose(chosen);
}

function writeTrail() {
	const groups = [];
	for (let group = view.group; group >= 0; group = parents[group]) groups.unshift(group);
	document.getElementById("trail").replaceChildren(...groups.map((group) => {
		const item = document.createElement("li");
		const isHere = group === view.group;
		item.append(cell("a", names[group], isHere
			? { "aria-current": "location", href: addressOf(group) }
			: { href: addressOf(group) }));
		return item;
	}));
}

function writeLegend() {
	const present = kinds.filter((_, number) => leafKinds.includes(number));
	document.getElementById("legend").append(...present.map((kind) => {
		const box = cell("input", "", { type: "checkbox", value: kind });
		const name = cell("label", "");
		name.append(box, swatch(kind), kind);
		return name;
	}));
}

// Marks an entry of the view, and announces the entry to screen readers.
function choose(number) {
	const entry = entries[number];
	chosen = entry ? number : -1;
	mark.hidden = !entry;
	const said = document.getElementById("said");
	said.textContent = entry ? `${number + 1} of ${entries.length}: ${story(entry.node).replaceAll("\n", ", ")}` : "";
	for (const line of rows.children) line.classList.toggle("chosen", Boolean(entry) && Number(line.dataset.node) === entry.node);
	if (!entry) return;
	for (const [property, value] of Object.entries({ left: entry.x, top: entry.y, width: entry.width, height: entry.height })) {
		mark.style[property] = `${Math.max(value, 0)}px`;
	}
}

// Name, place and size of a node, in lines.
function story(node) {
	const group = isLeaf(node) ? parents[node] : node;
	const size = isDifference
		? `${exact(oldBytes[node])} → ${exact(newBytes[node])} bytes (${signed(change(node), exact)})`
		: `${exact(areas[node])} bytes, ${(100 * areas[node] / areas[0]).toFixed(2)} %`;
	const name = isLeaf(node) ? [names[node]] : [];
	return [...name, places[group] || "kernel", levelOf(node), size].join("\n");
}

const OFFSETS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

// The number of the entry that is next to the chosen one in a direction.
function neighbour([right, down]) {
	if (chosen < 0) return 0;
	const from = middle(entries[chosen]);
	let nearest = chosen, least = Infinity;
	entries.forEach((entry, number) => {
		const to = middle(entry);
		const ahead = (to.x - from.x) * right + (to.y - from.y) * down;
		const aside = Math.abs((to.x - from.x) * down) + Math.abs((to.y - from.y) * right);
		if (ahead > 0.5 && ahead + 2 * aside < least) {
			least = ahead + 2 * aside;
			nearest = number;
		}
	});
	return nearest;
}

const middle = (cell) => ({ x: cell.x + cell.width / 2, y: cell.y + cell.height / 2 });

function onKey(event) {
	const offset = OFFSETS[event.key];
	if (event.ctrlKey || event.altKey || event.metaKey) return;
	if (offset) choose(neighbour(offset));
	else if (event.key === "Enter" && chosen >= 0) enterNode(entries[chosen].node);
	else if (event.key === "Escape") leave();
	else if (event.key === "Home") enter(0);
	else return;
	event.preventDefault();
}

function enterNode(node) {
	if (!isLeaf(node) && node !== view.group) enter(node);
}

// A click on the head or the frame of a group enters that group. A click elsewhere enters the view's entry at
// that point, or only chooses the entry if it is a symbol.
function onClick(event) {
	const cell = cellAt(event.offsetX, event.offsetY);
	if (!cell || cell.entry < 0) return;
	const entry = entries[cell.entry];
	if (isLeaf(entry.node)) choose(cell.entry);
	else enterNode(cell.isHead ? cell.node : entry.node);
}

function onMove(event) {
	const cell = cellAt(event.offsetX, event.offsetY);
	hint.hidden = !cell;
	if (!cell) return;
	hint.textContent = cell.isRest ? `smaller entries of\n${places[cell.node] || "the kernel"}` : story(cell.node);
	const right = map.clientWidth - hint.offsetWidth, below = event.offsetY + 18;
	const isRoom = below + hint.offsetHeight < map.clientHeight;
	hint.style.left = `${Math.max(Math.min(event.offsetX + 12, right), 0)}px`;
	hint.style.top = `${isRoom ? below : Math.max(event.offsetY - hint.offsetHeight - 8, 0)}px`;
}

// Typing a filter changes the address, but adds no step to the history.
function onFilter() {
	const hidden = new Set([...document.querySelectorAll("#legend input:not(:checked)")].map((box) => box.value));
	history.replaceState(null, "", addressOf(view.group, filter.value, hidden));
	showView();
}

function onRow(event) {
	const node = Number(event.target.closest("tr")?.dataset.node ?? -1);
	choose(entries.findIndex((entry) => entry.node === node));
}

let waiting = 0;
filter.addEventListener("input", () => {
	clearTimeout(waiting);
	waiting = setTimeout(onFilter, 80);
});
document.getElementById("legend").addEventListener("change", onFilter);
canvas.addEventListener("keydown", onKey);
canvas.addEventListener("click", onClick);
canvas.addEventListener("pointermove", onMove);
canvas.addEventListener("pointerleave", () => { hint.hidden = true; });
rows.addEventListener("mouseover", onRow);
rows.addEventListener("focusin", onRow);
more.addEventListener("click", listMore);
window.addEventListener("hashchange", showView);
window.addEventListener("keydown", (event) => {
	if (event.key === "/" && event.target !== filter) {
		filter.focus();
		event.preventDefault();
	}
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
	readColours();
	paint();
});

document.title = (isDifference ? "Growth of " : "Sizes of ") + data.sources.join(" → ");
document.getElementById("title").textContent = document.title;
readColours();
writeHead();
writeLegend();
view = viewOfAddress();
count(view.text, view.hidden);
show();
new ResizeObserver(paint).observe(map);
