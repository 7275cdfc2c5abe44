// SPDX-License-Identifier: GPL-2.0
//
// What a reader of the page sees and does. A check follows this file in one script. Its result is in the
// element check-result: "passed", or the first difference.

const byId = (id) => document.getElementById(id);
const lines = () => [...byId("rows").children].map((line) => [...line.children].map((part) => part.textContent).join("|"));
const trail = () => [...byId("trail").children].map((item) => item.textContent).join(" ");
// Longer than the filter waits for another letter.
const soon = () => new Promise((resolve) => setTimeout(resolve, 300));

function equal(what, actual, expected) {
	const [one, other] = [actual, expected].map((value) => JSON.stringify(value));
	if (one !== other) throw new Error(`${what}: ${one} is not ${other}`);
}

async function press(...keys) {
	for (const key of keys) {
		byId("canvas").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
		await soon();
	}
}

async function point(type, x, y) {
	const box = byId("canvas").getBoundingClientRect();
	const Event = type === "click" ? MouseEvent : PointerEvent;
	byId("canvas").dispatchEvent(new Event(type, { clientX: box.left + x, clientY: box.top + y, bubbles: true }));
	await soon();
}

async function type(text) {
	byId("filter").value = text;
	byId("filter").dispatchEvent(new InputEvent("input", { bubbles: true }));
	await soon();
}

// The colour of a pixel of the map, as #9cc3f0.
function pixel(x, y) {
	const ratio = window.devicePixelRatio;
	const { data } = byId("canvas").getContext("2d").getImageData(x * ratio, y * ratio, 1, 1);
	return "#" + [...data].slice(0, 3).map((part) => part.toString(16).padStart(2, "0")).join("");
}

// The colour of the page's style for a kind of bytes or a growth.
const styleOf = (kind) => getComputedStyle(document.documentElement).getPropertyValue(`--${kind}`).trim();

async function finish(check) {
	const result = document.createElement("pre");
	result.id = "check-result";
	try {
		await soon();
		await check();
		result.textContent = "passed";
	} catch (error) {
		result.textContent = String(error);
	}
	document.body.append(result);
}
