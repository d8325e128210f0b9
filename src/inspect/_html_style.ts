/** Style sheet of the page. */

/** CSS; colours follow the reader's light or dark scheme. */
export const PAGE_STYLE = `
:root{--bg:light-dark(#f6f6f3,#14161a);--card:light-dark(#fff,#1c1f25);--ink:light-dark(#1d2026,#e7e9ee);
--soft:light-dark(#606774,#9aa3b2);--line:light-dark(#e2e3de,#2c313a);--edge:light-dark(#b4bac6,#525b6b);
--focus:light-dark(#0b57d0,#8ab4ff);--neutral:light-dark(#7c8799,#7f8ba0);--linear:light-dark(#2f6fde,#5b93f5);
--attention:light-dark(#c2488f,#e071b4);--normalization:light-dark(#0f8f7d,#2fbfa9);
--elementwise:light-dark(#c47a12,#e3a23f);--movement:light-dark(#7a62c9,#a58df0);
--mono:ui-monospace,"SF Mono","Cascadia Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
header,main{max-width:1480px;margin:0 auto;padding:0 24px}
header{padding-top:28px}
h1{margin:0;font-size:28px;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{margin:0 0 10px;font-size:15px}
.eyebrow{margin:0;color:var(--soft);font-size:12px;letter-spacing:.06em;text-transform:uppercase}
.id{margin:2px 0 0;font:12px var(--mono);color:var(--soft)}
.note,.hint{margin:-6px 0 12px;color:var(--soft);font-size:12.5px}
.hint{margin:0}
.tiles{display:flex;flex-wrap:wrap;gap:8px 36px;margin:18px 0 22px}
.tiles div{display:flex;flex-direction:column-reverse}
.tiles dt{color:var(--soft);font-size:12px}
.tiles dd{margin:0;font-size:22px;font-weight:600;font-variant-numeric:tabular-nums}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(330px,1fr));gap:16px;margin-bottom:16px}
.cards.three{grid-template-columns:minmax(0,1.25fr) minmax(0,1fr) minmax(0,1fr)}
.cards.two{grid-template-columns:minmax(0,1.9fr) minmax(330px,1fr)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;min-width:0}
.bars{list-style:none;margin:0;padding:0;display:grid;gap:5px}
.bars li{display:grid;grid-template-columns:minmax(80px,10.6rem) minmax(60px,1fr) 4.3rem 3.2rem;gap:8px;align-items:center;font-size:12.5px}
.bars .label{white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.value,.share{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.share{color:var(--soft)}
.track{display:block;height:8px;border-radius:4px;background:var(--line);overflow:hidden}
.track i{display:block;height:100%;min-width:1px;border-radius:4px;background:var(--c,var(--neutral))}
.c-neutral{--c:var(--neutral)}.c-linear{--c:var(--linear)}.c-attention{--c:var(--attention)}
.c-normalization{--c:var(--normalization)}.c-elementwise{--c:var(--elementwise)}.c-movement{--c:var(--movement)}
table{border-collapse:collapse;width:100%;font-size:12.5px}
th{text-align:left;font-weight:600}
th,td{padding:3px 10px 3px 0;vertical-align:top}
.plain th{font:600 12.5px var(--mono)}
summary{cursor:pointer;margin-top:10px;font-weight:600}
.metadata{margin:8px 0 0;max-height:260px;overflow:auto;font-size:12.5px}
.metadata dt{font-weight:600}.metadata dd{margin:0 0 6px;font:12px/1.45 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;color:var(--soft)}
.toolbar{position:sticky;top:0;z-index:2;display:flex;flex-wrap:wrap;gap:10px 18px;align-items:center;padding:10px 0;background:var(--bg)}
[role=tablist]{display:flex;gap:4px;flex-wrap:wrap}
[role=tab]{font:inherit;color:inherit;background:none;border:1px solid var(--line);border-radius:8px;padding:5px 12px;cursor:pointer}
[role=tab] small{color:var(--soft)}
[role=tab][aria-selected=true]{background:var(--ink);border-color:var(--ink);color:var(--bg)}
[role=tab][aria-selected=true] small{color:inherit;opacity:.75}
.search{display:flex;flex:0 1 380px;align-items:center;gap:8px;color:var(--soft)}
.search input{flex:1;min-width:0;font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:6px 10px}
.found{color:var(--soft);font-variant-numeric:tabular-nums}
.split{display:grid;grid-template-columns:minmax(0,1fr) 400px;gap:16px;align-items:start;margin-bottom:40px}
.detail{position:sticky;top:62px;max-height:calc(100vh - 76px);overflow:auto}
.detail h3{margin:0 0 8px;font:600 16px var(--mono);overflow-wrap:anywhere}
.detail h3 i,.legend i{display:inline-block;width:11px;height:11px;margin-right:7px;border-radius:3px;background:var(--c)}
.detail dl{display:grid;grid-template-columns:auto 1fr;gap:1px 14px;margin:0 0 12px;font-size:12.5px}
.detail dt{color:var(--soft)}.detail dd{margin:0;font-variant-numeric:tabular-nums}
.detail caption{text-align:left;font-weight:600;padding-bottom:4px}
.detail thead th{font-weight:400;color:var(--soft);border-bottom:1px solid var(--line)}
.detail tbody th,.detail td b{font:12px/1.4 var(--mono);overflow-wrap:anywhere}
.detail tbody tr{border-bottom:1px solid var(--line)}
.detail td small{display:block;color:var(--soft);overflow-wrap:anywhere}
.detail td:last-child,.detail thead th:last-child{text-align:right;padding-right:0;white-space:nowrap}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin-bottom:8px;font-size:12.5px}
.rows{position:relative;overflow-x:auto}
.rows ol{list-style:none;margin:0;padding:0 0 0 calc(var(--gutter) + 64px);min-width:720px}
.edges{position:absolute;left:64px;top:0}
.edges path{fill:none;stroke:var(--edge);stroke-linecap:round}
.edges path.on{stroke:var(--focus)}
.rows li{position:relative;height:30px;padding:2px 0}
.rows li::before{content:"";position:absolute;left:-12px;top:11px;width:8px;height:8px;border-radius:50%;background:var(--c,var(--edge));border:2px solid var(--card);box-sizing:content-box;margin-left:-2px;margin-top:-2px}
.rows li:has(.c-linear){--c:var(--linear)}.rows li:has(.c-attention){--c:var(--attention)}
.rows li:has(.c-normalization){--c:var(--normalization)}.rows li:has(.c-elementwise){--c:var(--elementwise)}
.rows li:has(.c-movement){--c:var(--movement)}
.rows li[data-block]::after{content:attr(data-block);position:absolute;left:calc(-1*var(--gutter) - 64px);right:0;top:0;border-top:1px dashed var(--line);font-size:11.5px;color:var(--soft);line-height:26px;pointer-events:none}
.rows button,.io{display:grid;grid-template-columns:34px 168px minmax(172px,1.1fr) 108px minmax(90px,1fr) 80px;gap:10px;align-items:center}
.rows button{position:relative;width:100%;height:26px;padding:0 8px 0 0;border:1px solid transparent;border-radius:7px;background:none;color:inherit;font:inherit;text-align:left;cursor:pointer}
.rows .io{padding:0 9px 0 1px;color:var(--soft)}
.io .value{grid-column:6;font-size:12.5px}
.io .name,.io .shape{color:var(--ink)}
.io::before{border-radius:2px!important}
.number{text-align:right;color:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.name,.shape,.weight{font:12.5px var(--mono);white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
.rows button .name{justify-self:start;max-width:100%;padding:1px 8px;border-radius:6px;color:var(--ink);background:color-mix(in srgb,var(--c) 18%,transparent);border-left:3px solid var(--c)}
.io .name{font-weight:600;padding-left:11px}
.shape{font-size:12px}.weight{font-size:11.5px;color:var(--soft)}
.weight b{margin-left:5px;font-weight:400;opacity:.8}
.rows button .track{grid-column:5}.rows button .value{grid-column:6;font-size:12.5px}
.rows li.near button{border-color:var(--edge)}
.rows button:hover,.rows li.on button{background:color-mix(in srgb,var(--c) 10%,transparent);border-color:var(--c)}
:focus-visible{outline:2px solid var(--focus);outline-offset:1px}
.rows li.dim{opacity:.22}
.memory svg{display:block;width:100%;height:auto}
.memory rect{fill:var(--c);fill-opacity:.42;stroke:var(--c);stroke-width:1}
.memory .t:hover rect,.memory .t.on rect{fill-opacity:.95}
.memory text{font:9.5px var(--mono);fill:var(--ink);pointer-events:none}
.memory .axis{font:11px system-ui,"DejaVu Sans",sans-serif;fill:var(--soft)}
.memory .grid{stroke:var(--line)}
.memory .t{cursor:pointer}
.memory .now{stroke:var(--focus);stroke-width:1.5;visibility:hidden;pointer-events:none}
.scripted .only-plain,.scripted .entry:not(.shown){display:none}
@media(max-width:1150px){.split,.cards.two,.cards.three{grid-template-columns:minmax(0,1fr)}
.detail{top:auto;bottom:0;max-height:38vh;box-shadow:0 -6px 24px rgb(0 0 0/.16)}}
@media print{.toolbar,.detail{display:none}.split{display:block}}
`;
