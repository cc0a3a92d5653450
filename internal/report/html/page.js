"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const F = data.findings, N = F.check.length;
  const severities = ["critical", "high", "medium", "low", "info"];
  const states = ["new", "open", "waived", "managed", "absent", "not read again"];
  const $ = (id) => document.getElementById(id);

  // Text from clusters only ever becomes text: elements are made here, and nothing is parsed as HTML.
  function el(tag, props, ...children) {
    const e = document.createElement(tag);
    for (const [k, v] of Object.entries(props || {})) {
      if (k === "class") e.className = v;
      else if (k === "text") e.textContent = v;
      else if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
      else if (v !== undefined && v !== null) e.setAttribute(k, v);
    }
    for (const c of children) if (c) e.append(c);
    return e;
  }
  const plural = (n, word) => n.toLocaleString("en") + " " + word + (n === 1 ? "" : "s");

  // What of each finding is asked for again and again.
  const severityOf = (i) => severities[F.severity[i]];
  const stateOf = (i) => states[F.state[i]];
  const gates = (i) => F.state[i] < 2;
  const objectOf = (i) => {
    const ns = data.namespaces[F.namespace[i]];
    return data.kinds[F.kind[i]] + " " + (ns ? ns + "/" : "") + F.name[i];
  };
  const ownerOf = (i) => data.owners[F.owner[i]];
  const owned = data.owners.some((o) => o !== "");
  const nobody = "(nobody)";
  let haystack = null;
  function text(i) {
    if (!haystack) {
      haystack = new Array(N);
      for (let j = 0; j < N; j++) {
        const c = data.checks[F.check[j]];
        haystack[j] = (data.clusters[F.cluster[j]].alias + " " + objectOf(j) + " " + F.sub[j] + " " + c.id + " " + c.title + " " + ownerOf(j) + " " + F.message[j]).toLowerCase();
      }
    }
    return haystack[i];
  }

  // Overview
  const open = severities.map(() => 0);
  let fresh = 0, waived = 0, managed = 0, absent = 0, unread = 0;
  const perCluster = data.clusters.map(() => severities.map(() => 0));
  const perCheck = data.checks.map(() => 0);
  const perOwner = data.owners.map(() => severities.map(() => 0));
  for (let i = 0; i < N; i++) {
    if (gates(i)) {
      open[F.severity[i]]++;
      perCluster[F.cluster[i]][F.severity[i]]++;
      perCheck[F.check[i]]++;
      perOwner[F.owner[i]][F.severity[i]]++;
      if (F.state[i] === 0) fresh++;
    } else if (stateOf(i) === "waived") waived++;
    else if (stateOf(i) === "managed") managed++;
    else if (stateOf(i) === "absent") absent++;
    else unread++;
  }
  const total = open.reduce((a, b) => a + b, 0);
  const missing = data.clusters.filter((c) => c.status === "not scanned").length;
  const partial = data.clusters.filter((c) => c.status === "partial").length;
  $("when").textContent = "Scanned " + data.ended + " with Kubemuster " + data.version;
  $("headline").textContent =
    (total === 0 ? "No open findings" : plural(open[0], "critical") .replace("criticals", "critical") + " and " + plural(open[1], "high").replace("highs", "high") + " findings are open") +
    " in " + plural(data.clusters.length, "cluster") + "." +
    (missing ? " " + plural(missing, "cluster") + " could not be scanned." : "") +
    (partial ? " " + plural(partial, "cluster") + " could not be read wholly." : "") +
    (missing + partial > 0 && total === 0 ? " That is not a clean result." : "");
  severities.forEach((s, i) => $("tiles").append(
    el("button", { class: "tile b-" + s, type: "button", onclick: () => show({ severity: [s] }) }, el("strong", { text: open[i].toLocaleString("en") }), s)));
  for (const [n, label, state] of [[fresh, "new", "new"], [absent, "no longer there", "absent"], [unread, "not read again", "not read again"], [waived, "waived", "waived"], [managed, "run by the provider or Kubernetes", "managed"]]) {
    if (n > 0) $("tiles").append(el("button", { class: "tile", type: "button", onclick: () => show({ state: [state] }) }, el("strong", { text: n.toLocaleString("en") }), label));
  }

  function bar(counts, classes, label) {
    const sum = counts.reduce((a, b) => a + b, 0);
    const b = el("div", { class: "bar", role: "img", "aria-label": label });
    counts.forEach((n, i) => {
      if (n === 0) return;
      const part = el("span", { class: classes[i] });
      part.style.flexGrow = n / sum;
      b.append(part);
    });
    return b;
  }
  const severityClasses = severities.map((s) => "s-" + s);
  data.clusters.forEach((c, k) => {
    const words = severities.map((s, i) => perCluster[k][i] ? perCluster[k][i] + " " + s : "").filter(Boolean).join(", ") || "none";
    $("clusters").tBodies[0].append(el("tr", {},
      el("th", { scope: "row" }, el("button", { type: "button", onclick: () => show({ cluster: c.alias }), text: c.alias }),
        el("div", { class: "legend", text: [c.provider, c.account, c.region, c.version].filter(Boolean).join(" · ") })),
      el("td", { text: c.status }),
      c.status === "not scanned" ? el("td", { class: "soft", text: "unknown" })
        : el("td", {}, bar(perCluster[k], severityClasses, words), el("div", { class: "legend", text: words })),
      el("td", { class: "legend", text: c.status === "not scanned" ? "" : `${c.fail} failed, ${c.pass} passed, ${c.notEvaluated} not evaluated` })));
  });
  const frequent = perCheck.map((n, i) => [n, i]).filter(([n]) => n > 0)
    .sort((a, b) => data.checks[a[1]].severity - data.checks[b[1]].severity || b[0] - a[0]).slice(0, 10);
  const most = Math.max(1, ...frequent.map(([n]) => n));
  for (const [n, i] of frequent) {
    const c = data.checks[i], s = severities[c.severity];
    const fill = el("span", { class: "s-" + s }), rest = el("span", {});
    fill.style.flexGrow = n / most;
    rest.style.flexGrow = 1 - n / most;
    $("top").append(el("li", {}, el("button", { type: "button", onclick: () => show({ check: c.id }) },
      el("span", { class: "t-" + s, text: c.id + " " }), c.title + " (" + n.toLocaleString("en") + ")"),
      el("div", { class: "bar", "aria-hidden": "true" }, fill, rest)));
  }
  if (frequent.length === 0) $("top").append(el("li", { class: "soft", text: "nothing" }));
  if (owned) {
    const sum = (counts) => counts.reduce((a, b) => a + b, 0);
    const worst = perOwner.map((counts, i) => [counts, data.owners[i] || nobody]).filter(([counts]) => sum(counts) > 0)
      .sort(([a], [b]) => { const k = a.findIndex((n, s) => n !== b[s]); return k < 0 ? 0 : b[k] - a[k]; }).slice(0, 10);
    const most = Math.max(1, ...worst.map(([counts]) => sum(counts)));
    for (const [counts, owner] of worst) {
      const words = severities.map((s, i) => counts[i] ? counts[i] + " " + s : "").filter(Boolean).join(", ");
      const b = bar(counts, severityClasses, words);
      b.style.width = Math.max(2, 100 * sum(counts) / most) + "%";
      $("owners").append(el("li", {}, el("button", { type: "button", onclick: () => show({ owner }) }, owner + " ", el("span", { class: "legend", text: words })), b));
    }
    $("by-owner").hidden = worst.length === 0;
    $("owner-label").hidden = false;
  }

  // Frameworks
  const outcomes = ["failed", "passed", "not evaluated", "manual or not read"];
  const outcomeClasses = ["s-high", "s-pass", "s-medium", "s-none"];
  for (const f of data.frameworks) {
    const words = outcomes.map((o, i) => f.counts[i] + " " + o).join(", ");
    $("framework-bars").append(el("div", { class: "framework" },
      el("button", { type: "button", onclick: () => show({ framework: f.id }), text: f.name + " " + f.version }),
      bar(f.counts, outcomeClasses, words), el("div", { class: "legend", text: words + " of " + plural(f.controls, "control") })));
  }
  if (data.frameworks.length === 0) $("framework-bars").append(el("p", { class: "soft", text: "This report maps to no framework." }));

  // Coverage
  let told = false;
  for (const c of data.clusters) {
    const lines = [...(c.problem ? [c.problem] : []), ...c.gaps, ...c.notes];
    if (lines.length === 0) continue;
    told = true;
    $("gaps").append(el("h3", { text: c.alias + ": " + c.status }), el("ul", {}, ...lines.map((l) => el("li", { text: l }))));
    if (c.unevaluated.length > 0) $("gaps").append(el("p", { class: "legend", text: "Without a verdict: " + c.unevaluated.join(", ") }));
  }
  if (!told) $("gaps").append(el("p", { text: "Everything that the checks ask for was read." }));

  // Filters
  const filters = { q: "", cluster: "", namespace: "", owner: "", check: "", framework: "", severity: [], state: [] };
  const initial = { ...filters, severity: [], state: ["new", "open"] };
  let chosen = "", shown = [], current = -1;
  const options = (select, all, label) => {
    select.append(el("option", { value: "", text: "all" }), ...all.map((v) => el("option", { value: v, text: label ? label(v) : v })));
    select.addEventListener("change", () => set({ [select.id]: select.value }));
  };
  const used = (list, column) => list.filter((_, i) => column.includes(i));
  options($("cluster"), data.clusters.map((c) => c.alias));
  options($("namespace"), used(data.namespaces, F.namespace).map((n) => n || "(whole cluster)").sort());
  options($("owner"), data.owners.map((o) => o || nobody).sort());
  options($("check"), used(data.checks, F.check).map((c) => c.id), (id) => id + " " + data.checks.find((c) => c.id === id).title);
  options($("framework"), data.frameworks.map((f) => f.id));
  const toggles = (fieldset, key, names) => names.forEach((name) => fieldset.append(el("button", {
    type: "button", "aria-pressed": "false", "data-value": name, text: name,
    onclick: () => set({ [key]: filters[key].includes(name) ? filters[key].filter((x) => x !== name) : [...filters[key], name] }),
  })));
  toggles($("severities"), "severity", severities);
  toggles($("states"), "state", states.filter((_, k) => k < 2 || F.state.includes(k)));
  $("filters").addEventListener("submit", (e) => e.preventDefault());
  let typing = 0;
  $("q").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(() => set({ q: $("q").value }), 80); });
  $("reset").addEventListener("click", () => set(initial));

  function set(change) { Object.assign(filters, change); apply(); remember(); }
  function show(change) { Object.assign(filters, initial, change); apply(); remember(); $("findings").scrollIntoView(); $("list").focus(); }

  function apply() {
    const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
    const cluster = data.clusters.findIndex((c) => c.alias === filters.cluster);
    const namespace = data.namespaces.indexOf(filters.namespace === "(whole cluster)" ? "" : filters.namespace);
    const owner = data.owners.indexOf(filters.owner === nobody ? "" : filters.owner);
    const check = data.checks.findIndex((c) => c.id === filters.check);
    const mapped = filters.framework ? data.checks.map((c) => Boolean(c.frameworks[filters.framework])) : null;
    const severity = filters.severity.length ? severities.map((s) => filters.severity.includes(s)) : null;
    const state = filters.state.length ? states.map((s) => filters.state.includes(s)) : null;
    shown = [];
    for (let i = 0; i < N; i++) {
      if (severity && !severity[F.severity[i]]) continue;
      if (state && !state[F.state[i]]) continue;
      if (filters.cluster && F.cluster[i] !== cluster) continue;
      if (filters.namespace && F.namespace[i] !== namespace) continue;
      if (filters.owner && F.owner[i] !== owner) continue;
      if (filters.check && F.check[i] !== check) continue;
      if (mapped && !mapped[F.check[i]]) continue;
      if (words.length && !words.every((w) => text(i).includes(w))) continue;
      shown.push(i);
    }
    for (const id of ["cluster", "namespace", "owner", "check", "framework"]) $(id).value = filters[id];
    if ($("q").value !== filters.q) $("q").value = filters.q;
    for (const [fieldset, key] of [["severities", "severity"], ["states", "state"]])
      for (const b of $(fieldset).querySelectorAll("button")) b.setAttribute("aria-pressed", filters[key].includes(b.dataset.value));
    $("count").textContent = plural(shown.length, "finding") + " of " + N.toLocaleString("en");
    current = shown.findIndex((i) => F.id[i] === chosen);
    $("spacer").style.height = shown.length * rowHeight + "px";
    $("list").scrollTop = current > 0 ? current * rowHeight - 100 : 0;
    draw(true);
  }

  // The list draws only the rows that are in view.
  const rowHeight = 52, rows = new Map();
  const stacked = matchMedia("(max-width: 900px)"); // the detail is below the list then
  function draw(anew) {
    const list = $("list"), first = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 5);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / rowHeight) + 5);
    for (const [k, row] of rows) if (anew || k < first || k >= last) { row.remove(); rows.delete(k); }
    for (let k = first; k < last; k++) {
      if (rows.has(k)) continue;
      const i = shown[k], c = data.checks[F.check[i]], s = severityOf(i);
      const row = el("div", {
        class: "row b-" + s, role: "option", id: "row-" + k, "aria-selected": k === current, "aria-setsize": shown.length, "aria-posinset": k + 1,
        onclick: () => { choose(k); if (stacked.matches) $("detail").scrollIntoView(); },
      }, el("div", {}, el("span", { class: "t-" + s, text: s + " " }), el("strong", { text: objectOf(i) }), F.sub[i] ? " " + F.sub[i] : ""),
      el("div", { class: "sub" }, F.state[i] !== 1 ? el("span", { class: "tag", text: stateOf(i) }) : null, c.id + " · " + data.clusters[F.cluster[i]].alias + " · " + F.message[i]));
      row.style.top = k * rowHeight + "px";
      rows.set(k, row);
      list.append(row);
    }
    if (current >= 0) list.setAttribute("aria-activedescendant", "row-" + current); else list.removeAttribute("aria-activedescendant");
  }
  $("list").addEventListener("scroll", () => draw(false));
  addEventListener("resize", () => draw(false));

  function choose(k, focusDetail) {
    if (k < 0 || k >= shown.length) return;
    const before = rows.get(current);
    if (before) before.setAttribute("aria-selected", "false");
    current = k;
    chosen = F.id[shown[k]];
    const list = $("list"), top = k * rowHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
    draw(false);
    if (rows.get(k)) rows.get(k).setAttribute("aria-selected", "true");
    detail(shown[k]);
    remember();
    if (focusDetail) $("detail").focus();
  }
  $("list").addEventListener("keydown", (e) => {
    const page = Math.max(1, Math.floor($("list").clientHeight / rowHeight) - 1);
    const to = { ArrowDown: current + 1, j: current + 1, ArrowUp: current - 1, k: current - 1, PageDown: current + page, PageUp: current - page, Home: 0, End: shown.length - 1 }[e.key];
    if (to !== undefined) { e.preventDefault(); choose(Math.min(Math.max(to, 0), shown.length - 1)); }
    else if (e.key === "Enter") { e.preventDefault(); choose(Math.max(current, 0), true); }
  });
  $("detail").addEventListener("keydown", (e) => { if (e.key === "Escape") $("list").focus(); });
  addEventListener("keydown", (e) => {
    if (e.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) { e.preventDefault(); $("q").focus(); }
  });

  // Detail
  const yaml = (s) => JSON.stringify(s);
  // A waiver's name is a glob: what means something there is put in brackets, in which it means itself.
  const glob = (s) => s.replace(/[*?\[\\]/g, (c) => c === "\\" ? "\\\\" : "[" + c + "]");
  function waiver(i) {
    const ns = data.namespaces[F.namespace[i]];
    return ["waivers:", "  - check: " + data.checks[F.check[i]].id, "    cluster: " + yaml(data.clusters[F.cluster[i]].alias),
      ...(ns ? ["    namespace: " + yaml(ns)] : []), "    kind: " + data.kinds[F.kind[i]], "    name: " + yaml(glob(F.name[i])),
      "    owner: " + (ownerOf(i) ? yaml(ownerOf(i)) : "# who answers for it"), "    reason: # why it is accepted", "    ticket: # where it is tracked", "    expires: # the last day, as in 2027-01-31"].join("\n");
  }
  const link = (url) => /^https:\/\//.test(url) ? el("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank", text: url }) : el("span", { text: url });
  function detail(i) {
    const c = data.checks[F.check[i]], cl = data.clusters[F.cluster[i]], s = severityOf(i), w = F.waiver[i] ? data.waivers[F.waiver[i] - 1] : null;
    const d = $("detail"), pre = el("pre", { text: waiver(i) });
    const facts = el("dl", {});
    const fact = (name, ...value) => { if (value[0]) facts.append(el("dt", { text: name }), el("dd", {}, ...value)); };
    fact("cluster", cl.alias);
    fact("object", objectOf(i));
    fact("owner", ownerOf(i));
    fact("part", F.sub[i]);
    fact("field", F.path[i]);
    fact("file", F.file[i]);
    fact("also fails", F.folded[i].join(", "));
    fact("state", stateOf(i) + (w ? ` by ${w.owner} until ${w.expires}: ${w.reason}${w.ticket ? " (" + w.ticket + ")" : ""}` : ""));
    fact("identity", F.id[i]);
    const copied = el("span", { role: "status", class: "soft" });
    d.replaceChildren(
      el("h3", {}, el("span", { class: "t-" + s, text: s + " " }), c.id + ": " + c.title),
      el("p", { text: F.message[i] }), facts,
      ...F.ways[i].flatMap((way, k) => [el("h3", { text: F.ways[i].length > 1 ? "Way " + (k + 1) : "The way" }), el("ol", { class: "way" }, ...way.map((step) => el("li", { text: step })))]),
      el("h3", { text: "Why it matters" }), el("p", { text: c.description }),
      el("h3", { text: "How to fix it" }), el("p", { text: c.remediation }),
      ...(Object.keys(c.frameworks).length ? [el("h3", { text: "Frameworks" }), el("p", {}, ...Object.entries(c.frameworks).map(([f, ids]) => el("span", { class: "tag", text: f + " " + ids.join(", ") })))] : []),
      ...(c.references.length ? [el("h3", { text: "References" }), el("ul", {}, ...c.references.map((r) => el("li", {}, link(r))))] : []),
      el("h3", { text: "Waiver" }), pre,
      el("button", { type: "button", text: "Copy the waiver", onclick: () => copy(pre, copied) }), " ", copied);
    d.scrollTop = 0;
  }
  function copy(pre, status) {
    const done = () => { status.textContent = "copied"; };
    const select = () => { getSelection().selectAllChildren(pre); status.textContent = document.execCommand("copy") ? "copied" : "press Ctrl+C to copy"; };
    if (navigator.clipboard) navigator.clipboard.writeText(pre.textContent).then(done, select); else select();
  }

  // A view has an address: the part behind # says what is filtered and chosen.
  let own = "";
  function remember() {
    const p = new URLSearchParams();
    for (const k of ["q", "cluster", "namespace", "owner", "check", "framework"]) if (filters[k]) p.set(k, filters[k]);
    for (const k of ["severity", "state"]) if (filters[k].join() !== initial[k].join()) p.set(k, filters[k].join());
    if (chosen) p.set("finding", chosen);
    own = "#" + p.toString();
    history.replaceState(null, "", own);
  }
  function recall() {
    if (/^#(overview|frameworks|coverage|findings)?$/.test(location.hash) && location.hash !== "") return;
    const p = new URLSearchParams(location.hash.slice(1));
    Object.assign(filters, initial);
    for (const k of ["q", "cluster", "namespace", "owner", "check", "framework"]) if (p.has(k)) filters[k] = p.get(k);
    for (const [k, all] of [["severity", severities], ["state", states]]) if (p.has(k)) filters[k] = p.get(k).split(",").filter((v) => all.includes(v));
    chosen = p.get("finding") || "";
    const i = F.id.indexOf(chosen);
    if (i >= 0 && filters.state.length && !filters.state.includes(stateOf(i))) filters.state = [];
    apply();
    if (current >= 0) { choose(current); $("findings").scrollIntoView(); }
  }
  addEventListener("hashchange", () => { if (location.hash !== own) recall(); });

  // Dark, as the reader's system is or as they choose.
  const dark = matchMedia("(prefers-color-scheme: dark)");
  function theme(on) {
    document.documentElement.classList.toggle("dark", on);
    $("theme").setAttribute("aria-pressed", on);
  }
  theme(dark.matches);
  dark.addEventListener("change", (e) => theme(e.matches));
  $("theme").addEventListener("click", () => theme(!document.documentElement.classList.contains("dark")));

  // Paper shows what is filtered, up to a bound.
  const printed = 2000;
  addEventListener("beforeprint", () => {
    const body = el("tbody", {}, ...shown.slice(0, printed).map((i) => el("tr", {}, el("td", { text: severityOf(i) }), el("td", { text: data.checks[F.check[i]].id }),
      el("td", { text: data.clusters[F.cluster[i]].alias }), el("td", { text: objectOf(i) + (F.sub[i] ? " " + F.sub[i] : "") }), el("td", { text: F.message[i] }))));
    $("print").replaceChildren(el("table", {}, body), shown.length > printed ? el("p", { text: `and ${shown.length - printed} more` }) : "");
  });
  addEventListener("afterprint", () => $("print").replaceChildren());

  Object.assign(filters, initial);
  if (location.hash.includes("=")) recall(); else apply();
})();
