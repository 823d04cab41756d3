// The frame of a page: one HTML file that needs nothing else, no network and no script.
//
//   html_page({.title = "...", .sections = {{"data", "Data", body}, ...}})
//
// Its parts: sections with a list of contents, tables that scroll by themselves, figures with captions, pictures as data URIs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base64.hpp"
#include "markup.hpp"
#include "style.hpp"

namespace qrs::report {

struct PageSection {
  std::string id;  // letters and '-': the place's name in the address
  std::string title;
  Markup body;
};

struct Page {
  std::string title;
  std::string description;
  Markup lead;  // under the title
  std::vector<PageSection> sections;
  Markup footer;
};

inline std::string html_page(const Page& page) {
  Markup contents;
  Markup sections;
  for (const PageSection& section : page.sections) {
    contents += element("li", {element("a", {{"href", "#" + section.id}}, {section.title})});
    sections += element("section", {{"id", section.id}}, {element("h2", {section.title}), section.body});
  }
  const Markup style = Markup::trusted("<style>" + std::string(style_sheet) + "</style>\n");
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" +
         element("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}).str() +
         element("meta", {{"name", "description"}, {"content", page.description}}).str() +
         element("title", {page.title}).str() + "\n" + style.str() + "</head>\n<body>\n" +
         element("header", {element("h1", {page.title}), page.lead,
                            element("nav", {{"aria-label", "Contents"}},
                                    {element("h2", {"Contents"}), element("ol", {contents})})})
             .str() +
         element("main", {sections}).str() + element("footer", {page.footer}).str() + "</body>\n</html>\n";
}

inline Markup paragraph(std::initializer_list<Markup> words) { return element("p", words); }

inline Markup notice(std::initializer_list<Markup> paragraphs) {
  return element("div", {{"class", "notice"}, {"role", "note"}}, paragraphs);
}

/// A table's cell. Numbers stand at the right, and small lines under the value.
struct Cell {
  Markup content;
  bool number = false;
  std::string style = "";
};

struct Row {
  Cell head;  // the row's name
  std::vector<Cell> cells;
  std::string style = "";
};

struct Table {
  std::string caption;
  std::vector<Cell> columns;  // the names, that of the heads first
  std::vector<Row> rows;
  bool pinned = false;  // the heads stay in sight while the rest scrolls
};

namespace detail {

inline Markup table_cell(std::string_view tag, std::string_view scope, const Cell& cell) {
  std::string style = cell.style;
  if (cell.number) style += style.empty() ? "n" : " n";
  if (scope.empty()) {
    return style.empty() ? element(tag, {cell.content}) : element(tag, {{"class", style}}, {cell.content});
  }
  if (style.empty()) return element(tag, {{"scope", scope}}, {cell.content});
  return element(tag, {{"scope", scope}, {"class", style}}, {cell.content});
}

}  // namespace detail

/// The table in a box of its own, which scrolls where the screen is narrow.
inline Markup table(const Table& content) {
  Markup heads;
  for (const Cell& cell : content.columns) heads += detail::table_cell("th", "col", cell);
  Markup rows;
  for (const Row& row : content.rows) {
    Markup cells = detail::table_cell("th", "row", row.head);
    for (const Cell& cell : row.cells) cells += detail::table_cell("td", "", cell);
    rows += row.style.empty() ? element("tr", {cells}) : element("tr", {{"class", row.style}}, {cells});
  }
  const Markup caption = element("caption", {element("span", {content.caption})});
  const Markup body = element("thead", {element("tr", {heads})}) + element("tbody", {"\n", rows});
  const Markup whole =
      content.pinned ? element("table", {{"class", "pinned"}}, {caption, body}) : element("table", {caption, body});
  return element("div", {{"class", "scroll"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", content.caption}},
                 {whole});
}

inline Markup figure(const Markup& drawing, const Markup& caption) {
  return element("figure", {drawing, element("figcaption", {caption})});
}

/// A PNG picture inside the page.
inline Markup picture(const std::vector<std::uint8_t>& png, const std::string& words) {
  return element("img", {{"src", "data:image/png;base64," + base64(png)}, {"alt", words}});
}

}  // namespace qrs::report
