// An HTML page that needs no other file.
#pragma once

#include <string>

#include "report/plot.h"
#include "report/table.h"

namespace fastformer::report {

// Headings, text, tables and plots, one below the other. Texts may hold anything.
class HtmlPage {
 public:
  explicit HtmlPage(std::string title);

  HtmlPage& heading(const std::string& text);
  HtmlPage& paragraph(const std::string& text);
  HtmlPage& table(const Table& table);
  // Inside the page, as SVG.
  HtmlPage& plot(const Plot& plot);

  // The whole document, which asks for nothing over the network and runs no scripts.
  std::string html() const;

 private:
  std::string title_;
  std::string body_;
};

}  // namespace fastformer::report
