// Small pictures of figures by day; each figure is text, too, for whoever does not see them.

import { h, number, show } from "./dom.js";

const SPACE = "http://www.w3.org/2000/svg";
const HIGH = 100;

function draw(tag, props, ...children) {
  const element = document.createElementNS(SPACE, tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Bars of parts on each other, a day each. parts: [class, name, (row) => number]; rows: the oldest first. */
export function bars(title, rows, parts) {
  const most = Math.max(1, ...rows.map((row) => parts.reduce((sum, [, , of]) => sum + of(row), 0)));
  const wide = 1000 / Math.max(rows.length, 14);
  const drawn = rows.map((row, at) => {
    let top = HIGH;
    const told = `${row.day}: ${parts.map(([, name, of]) => `${number(of(row))} ${name}`).join(", ")}`;
    return draw("g", {}, draw("title", {}, told), draw("rect", { x: at * wide, y: 0, width: wide, height: HIGH, class: "back" }), ...parts.map(([kind, , of]) => {
      const high = of(row) && Math.max(1, (of(row) / most) * HIGH);
      top -= high;
      return draw("rect", { x: at * wide + wide * 0.12, y: Math.max(0, top), width: wide * 0.76, height: high, class: kind });
    }));
  });
  return figure(title, rows, draw("svg", { viewBox: `0 0 1000 ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...drawn),
    parts, (row) => parts.map(([, , of]) => number(of(row))), `up to ${number(most)} a day`);
}

const percent = (share) => share === null || share === undefined ? "–" : `${Math.floor(share * 1000) / 10} %`;

/** Lines of shares from the lowest that is there to 100 %. */
export function lines(title, rows, parts) {
  const found = parts.flatMap(([, , of]) => rows.map(of)).filter((share) => typeof share === "number");
  const least = Math.min(0.9, ...found);
  const wide = 1000 / Math.max(rows.length - 1, 1);
  const drawn = parts.map(([kind, , of]) => {
    const points = rows.map((row, at) => [at, of(row)]).filter(([, share]) => typeof share === "number")
      .map(([at, share]) => `${rows.length > 1 ? at * wide : 500},${HIGH - 2 - ((share - least) / (1 - least)) * (HIGH - 4)}`);
    return draw("polyline", { class: kind, points: (points.length === 1 ? [points[0].replace(/^[^,]+/, 0), points[0].replace(/^[^,]+/, 1000)] : points).join(" ") });
  });
  return figure(title, rows, draw("svg", { viewBox: `0 0 1000 ${HIGH}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...drawn),
    parts, (row) => parts.map(([, , of]) => percent(of(row))), `${percent(least)} to 100 %`);
}

function figure(title, rows, picture, parts, values, scale) {
  const place = h("div", { class: "picture" });
  show(place, picture);
  return h("figure", { class: "card plot" },
    h("figcaption", null, h("strong", null, title), " ", h("span", { class: "quiet" }, scale),
      h("span", { class: "keys" }, parts.map(([kind, name]) => h("span", { class: `dot ${kind}` }, name)))),
    place, h("p", { class: "ends quiet" }, h("span", null, rows[0].day), rows.length > 1 ? h("span", null, rows.at(-1).day) : null),
    h("details", null, h("summary", null, "As a table"), h("div", { class: "wide" }, h("table", null,
      h("thead", null, h("tr", null, ["Day", ...parts.map(([, name]) => name)].map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", null, [...rows].reverse().map((row) => h("tr", null, h("td", null, row.day), values(row).map((each) => h("td", { class: "count" }, each)))))))));
}
