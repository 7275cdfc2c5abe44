// SPDX-License-Identifier: GPL-2.0
//
// Functions that read the page and use it as a reader does. The page runs this file and a check as one script. The
// element check-result gets the result of the check: "passed", or the first difference.

const byId = (id) => document.getElementById(id);
const lines = () => [...byId("rows").children].map((line) => [...line.children].map((part) => part.textContent).join("|"));
const trail = () => [...byId("trail").children].map((item) => item.textContent).join(" ");
// Waits longer than the filter waits for the next letter.
const soon = () => new Promise((resolve) => setTimeout(resolve, 300));

function equal(what, actual, expected) {
	const [found, wanted] = [actual, expected].map((value) => JSON.stringify(value));
	if (found !== wanted) throw new Error(`${what}: ${found} is not ${wanted}`);
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

// The colour of a pixel of the treemap, in the form #9cc3f0.
function pixel(x, y) {
	const ratio = window.devicePixelRatio;
	const { data } = byId("canvas").getContext("2d").getImageData(x * ratio, y * ratio, 1, 1);
	return "#" + [...data].slice(0, 3).map((part) => part.toString(16).padStart(2, "0")).join("");
}

// The colour in the page's style for a class of bytes or a kind of growth.
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
