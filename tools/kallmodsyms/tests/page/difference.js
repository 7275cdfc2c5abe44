// SPDX-License-Identifier: GPL-2.0
//
// Checks the page with the difference of two kernels. In the new kernel, b_close with half of the size replaces
// b_open, and startup is larger.

await finish(async () => {
	equal("title", document.title, "Growth of old → new");
	equal("entries", lines(), [
		"[b]|module|48|32|−16", "(no module)|other|94|98|+4",
		"[b] [c_d]|module|10,940|10,940|0", "[a]|module|4,144|4,144|0",
	]);
	equal("total", byId("total").textContent, "8 symbols, 15,226 → 15,214 bytes, −12");
	equal("colour of the largest entry", pixel(30, 100), styleOf("same"));

	document.querySelector("#legend input[value=same]").click();
	await soon();
	equal("entries that differ", lines(), ["[b]|module|32|16|−16", "(no module)|other|86|90|+4"]);
	equal("colour of the largest difference", pixel(30, 100), styleOf("grown"));
	byId("rows").querySelector("a").click();
	await soon();
	equal("symbols", lines(), ["b_open|gone|32|0|−32", "b_close|new|0|16|+16"]);
	equal("colour of the symbol that is gone", pixel(30, 100), styleOf("gone"));
});
