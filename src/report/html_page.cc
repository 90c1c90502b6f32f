// Puts an HTML page together.
#include "report/html_page.h"

#include <utility>

#include "report/xml_text.h"

namespace fastformer::report {
namespace {

constexpr char kStyle[] =
    "body{font-family:sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}th,td{padding:.25em .7em;border-bottom:1px solid "
    "#ddd;text-align:left}th.right,td.right{text-align:right}"
    "td:last-child:not(.right){overflow-wrap:anywhere}svg{max-width:100%;height:auto}";

}  // namespace

HtmlPage::HtmlPage(std::string title) : title_(std::move(title)) {}

HtmlPage& HtmlPage::heading(const std::string& text) {
  body_ += "<h2>" + xml_escaped(text) + "</h2>\n";
  return *this;
}

HtmlPage& HtmlPage::paragraph(const std::string& text) {
  body_ += "<p>" + xml_escaped(text) + "</p>\n";
  return *this;
}

HtmlPage& HtmlPage::table(const Table& table) {
  body_ += table.html();
  return *this;
}

HtmlPage& HtmlPage::plot(const Plot& plot) {
  body_ += plot.svg();
  return *this;
}

std::string HtmlPage::html() const {
  const std::string title = xml_escaped(title_);
  return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<title>" + title +
         "</title>\n<style>" + kStyle + "</style>\n</head>\n<body>\n<h1>" + title + "</h1>\n" +
         body_ + "</body>\n</html>\n";
}

}  // namespace fastformer::report
