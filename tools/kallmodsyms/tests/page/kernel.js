// SPDX-License-Identifier: GPL-2.0
//
// Checks the page of a listing. page_in_browser.rs makes the page.

const KERNEL = ["[b] [c_d]|module|10,940|71.7 %", "[a]|module|4,144|27.2 %", "(no module)|other|126|0.8 %", "[b]|module|48|0.3 %"];
const NO_MODULE = ["startup|text|86|68.3 %", "<\/script><script>document.title='broken'<\/script>|text|32|25.4 %", "percpu|data|8|6.3 %"];

await finish(async () => {
	equal("title", document.title, "Sizes of listing");
	equal("entries", lines(), KERNEL);
	equal("total", byId("total").textContent, "8 symbols, 15,258 bytes (15 KiB)");
	equal("colour of the largest entry", pixel(30, 100), styleOf("text"));
	equal("headers", [...byId("head").children].every((head) => head.scope === "col"), true);

	await point("pointermove", 30, 100);
	equal("hint", byId("hint").textContent, "shared\n[b] [c_d]/\ntext\n10,940 bytes, 71.70 %");
	await point("click", 30, 100);
	equal("trail after a click", trail(), "kernel [b] [c_d]");
	equal("entries after a click", lines(), ["shared|text|10,940|100.0 %"]);

	await press("Escape");
	equal("trail after Escape", trail(), "kernel");
	equal("the group that was left", byId("said").textContent, "1 of 4: [b] [c_d]/, module, 10,940 bytes, 71.70 %");
	equal("the mark", byId("mark").hidden, false);
	await press("ArrowRight");
	equal("the next entry", byId("said").textContent, "2 of 4: [a]/, module, 4,144 bytes, 27.16 %");
	await press("Enter");
	equal("trail after Enter", trail(), "kernel [a]");
	await press("Home");
	byId("rows").querySelectorAll("a")[2].click();
	await soon();
	equal("a name that looks like an element", lines(), NO_MODULE);

	await press("Home");
	await type("B_op");
	equal("a filter by symbol", lines(), ["[b]|module|32|100.0 %"]);
	equal("the address", location.hash, "#filter=B_op");
	await type("c_d");
	equal("a filter by module", byId("total").textContent, "Shown: 1 symbols, 10,940 bytes (11 KiB)");
	await type("");
	document.querySelector("#legend input[value=text]").click();
	await soon();
	equal("without a class", byId("total").textContent, "Shown: 3 symbols, 4,152 bytes (4.1 KiB)");
	history.replaceState(null, "", "#filter=no such symbol");
	window.dispatchEvent(new HashChangeEvent("hashchange"));
	await soon();
	equal("a filter that nothing matches", lines(), []);
});
