// How a page looks: one style sheet for wide and narrow screens, light and dark, and for paper.
//
// Series colours are those of Okabe and Ito, "Color Universal Design", 2008, darkened where white paper asks for it.
#pragma once

#include <string_view>

namespace qrs::report {

inline constexpr std::string_view style_sheet = R"css(
:root{color-scheme:light dark;--paper:#fdfdfb;--panel:#f4f5f2;--ink:#1c2226;--soft:#59646c;--line:#d8ddde;--grid:#e6e9e8;
--accent:#0b5c86;--warn:#8a4b00;--warnpaper:#fdf3e1;--good:#1c6b4a;
--c0:#0072b2;--c1:#c2570a;--c2:#00805c;--c3:#a8487f;--c4:#8a7500;--c5:#3a8fc4;--heat:#0b5c86;--miss:#b3541e;--onheat:#fff}
@media (prefers-color-scheme:dark){:root{--paper:#14181b;--panel:#1c2226;--ink:#e3e7e8;--soft:#9aa6ad;--line:#354047;
--grid:#293238;--accent:#6cbbe6;--warn:#f0b35e;--warnpaper:#2b2317;--good:#6fcfa2;
--c0:#56b4e9;--c1:#ee9150;--c2:#3cc49c;--c3:#dd92bb;--c4:#dcc94a;--c5:#9fb8ff;--heat:#4aa3d4;--miss:#d9803f;--onheat:#0d1114}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
header,main,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2.5rem}
h1{font-size:clamp(1.6rem,1.2rem + 1.8vw,2.4rem);line-height:1.2;margin:0 0 .4rem;letter-spacing:-.015em}
h2{font-size:1.4rem;line-height:1.3;margin:3.2rem 0 .8rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:1.06rem;line-height:1.35;margin:2rem 0 .5rem}
p,ul,ol{margin:.6rem 0 1rem;max-width:44rem}
li{margin:.25rem 0}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
code{font:.9em/1.4 ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;overflow-wrap:anywhere}
.lead{color:var(--soft);margin-top:0}
nav{margin:1.6rem 0 0}
nav h2{border:0;margin:0;padding:0;font-size:.95rem;color:var(--soft);font-weight:600}
nav ol{columns:13rem auto;max-width:60rem;margin:.4rem 0 0;padding-left:1.5rem}
nav li{break-inside:avoid;margin:.1rem 0}
.notice{border-left:4px solid var(--warn);background:var(--warnpaper);padding:.8rem 1rem;margin:1.4rem 0;max-width:48rem;border-radius:0 .4rem .4rem 0}
.notice p{margin:.2rem 0}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,10.5rem),1fr));gap:.8rem;margin:1.4rem 0;padding:0}
.facts div{background:var(--panel);border-radius:.5rem;padding:.8rem 1rem}
.facts dt{color:var(--soft);font-size:.86rem;line-height:1.35}
.facts dd{margin:.25rem 0 0;line-height:1.35;font-size:.86rem;color:var(--soft)}
.facts b{display:block;color:var(--ink);font-size:1.75rem;font-weight:600;line-height:1.15;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.scroll{overflow-x:auto;margin:1rem 0 1.6rem;max-width:100%}
table{border-collapse:collapse;font-size:.9rem;line-height:1.4;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding:0 0 .6rem;caption-side:top}
caption span{display:block;position:sticky;left:0;width:min(44rem,100vw - 2.5rem)}
th,td{text-align:left;vertical-align:top;padding:.45rem .8rem;border-bottom:1px solid var(--line)}
thead th{border-bottom:2px solid var(--line);color:var(--soft);font-weight:600;vertical-align:bottom}
tbody th{font-weight:600}
th.n,td.n{text-align:right}
td.n{white-space:nowrap}
table.pinned th,table.pinned td{padding-left:.55rem;padding-right:.55rem}
td.file,th.file{overflow-wrap:anywhere;min-width:11rem}
td.wide{min-width:17rem}
tr.best th,tr.best td{background:var(--panel)}
tr.apart>*{border-top:2px solid var(--line)}
table.pinned tbody th,table.pinned thead th:first-child{position:sticky;left:0;background:var(--paper)}
table.pinned tr.best th{background:var(--panel)}
td small,th small{display:block;color:var(--soft);font-size:.82em;font-weight:400}
td small.in{color:var(--good)}
td small.out{color:var(--warn)}
.badge{display:inline-block;border:1px solid var(--line);border-radius:1rem;padding:0 .55rem;font-size:.8rem;line-height:1.5;color:var(--soft);white-space:nowrap}
.badge.leak{color:var(--warn);border-color:var(--warn)}
figure{margin:0;min-width:0}
figcaption{color:var(--soft);font-size:.88rem;line-height:1.45;margin:.35rem 0 0;overflow-wrap:anywhere}
figcaption b{color:var(--ink)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,20rem),1fr));gap:1.6rem 1.4rem;margin:1.2rem 0 1.8rem}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.4rem 1.4rem}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,10.5rem),1fr));gap:1.3rem 1.1rem;margin:1.2rem 0 1.8rem}
.pictures.two{grid-template-columns:repeat(auto-fill,minmax(min(100%,25rem),1fr));max-width:60rem}
.pictures.two span{display:grid;grid-template-columns:1fr 1fr;gap:.35rem}
img{display:block;width:100%;height:auto;border:1px solid var(--line);border-radius:.25rem;background:#fff}
svg{display:block;width:100%;height:auto;font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums}
.charts svg,.pair svg{max-width:27rem}
.charts.wide{grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr))}
.wide svg{max-width:33rem}
svg text{fill:var(--ink)}
svg .mid{text-anchor:middle}
svg .end{text-anchor:end}
svg .tick,svg .small,svg .name{fill:var(--soft)}
svg .small{font-size:11px}
svg .name{font-size:12.5px}
svg .label{font-weight:600;font-size:13px}
svg .count{font-size:16px;font-weight:600}
svg .ink{fill:var(--ink)}
svg .none{fill:var(--soft);font-weight:400}
svg .inverse{fill:var(--onheat)}
svg .grid{stroke:var(--grid);stroke-width:1}
svg .axis{stroke:var(--soft);stroke-width:1}
svg .mark{stroke:var(--soft);stroke-width:1.2;stroke-dasharray:2 4}
svg .whisker{stroke:var(--ink);stroke-width:1.3}
svg .cell{fill:none;stroke:var(--line)}
svg .heat{fill:var(--heat)}
svg .miss{fill:var(--miss)}
svg .dot{fill:var(--c0);fill-opacity:.35;stroke:var(--c0)}
svg .s{fill:none;stroke-width:2;stroke-linejoin:round}
svg .s0{stroke:var(--c0)}svg .s1{stroke:var(--c1);stroke-dasharray:7 3}svg .s2{stroke:var(--c2);stroke-dasharray:2 2.5}
svg .s3{stroke:var(--c3);stroke-dasharray:9 3 2 3}svg .s4{stroke:var(--c4);stroke-dasharray:12 4}svg .s5{stroke:var(--c5);stroke-dasharray:4 2}
svg .f0{fill:var(--c0)}svg .f1{fill:var(--c1)}svg .f2{fill:var(--c2)}svg .f3{fill:var(--c3)}svg .f4{fill:var(--c4)}svg .f5{fill:var(--c5)}
details{border:1px solid var(--line);border-radius:.5rem;padding:.2rem 1rem;margin:.8rem 0}
summary{cursor:pointer;font-weight:600;padding:.4rem 0}
footer{color:var(--soft);font-size:.88rem;margin-top:3rem;padding-bottom:2rem}
footer p{max-width:none;border-top:1px solid var(--line);padding-top:1rem}
@media (max-width:40rem){header,main,footer{padding-left:1rem;padding-right:1rem}th,td{padding:.4rem .45rem}h2{margin-top:2.4rem}
.pictures{grid-template-columns:1fr 1fr}.pictures.two{grid-template-columns:1fr}.facts{grid-template-columns:1fr 1fr}.facts dt{min-height:2.7em}caption span{width:calc(100vw - 2rem)}.facts b{font-size:1.4rem}}
@media print{:root{--paper:#fff;--panel:#f4f5f2;--ink:#000;--soft:#444;--line:#bbb;--grid:#ddd;--accent:#000;--warn:#703c00;--warnpaper:#fff;
--good:#14523a;--c0:#0072b2;--c1:#c2570a;--c2:#00805c;--c3:#a8487f;--c4:#8a7500;--c5:#3a8fc4;--heat:#0b5c86;--miss:#b3541e;--onheat:#fff}
body{font-size:10pt}header,main,footer{max-width:none}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}.scroll{overflow:visible}
table{font-size:8pt}th,td{padding:.25rem .4rem}svg{-webkit-print-color-adjust:exact;print-color-adjust:exact}}
)css";

}  // namespace qrs::report
