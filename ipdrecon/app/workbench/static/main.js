// Which page is open: the address behind `#` says it.

import { complain } from "./announce.js";
import { Bench } from "./bench.js";
import { fill, h } from "./dom.js";
import { Figure } from "./figure.js";
import { Home } from "./home.js";
import { Pool } from "./pool.js";

const main = document.getElementById("main");
const top = document.getElementById("top");
let page = null;

function make(path, query) {
  if (path[0] === "figure" && path[1]) return new Bench(new Figure(path[1], query.get("reader")));
  return path[0] === "pool" ? new Pool() : new Home();
}

async function go() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  page?.leave();
  page = null;
  try {
    page = make(path.split("/"), new URLSearchParams(query));
    document.body.dataset.page = page.constructor.name.toLowerCase();
    await page.open(main, top);
  } catch (error) {
    complain(error);
    fill(main, h("div", { class: "page" }, h("p", {}, "This page could not be opened. "), h("a", { href: "#/" }, "All figures")));
  }
}

window.addEventListener("hashchange", go);
go();
