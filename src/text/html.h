// Turns HTML into plain text: tags go, entities become characters.
#pragma once

#include <string>
#include <string_view>

namespace fastformer::text {

// Text without tags, comments and the content of script and style. Tags that break the flow (br, p,
// div, li, ...) leave a line break and table cells a blank, so that words do not fuse; tags within
// a line (b, i, a, span, ...) leave nothing. Named entities of HTML 4 and numeric ones become
// characters, never control characters. What is no tag or entity ("a < b", "R&D", "<me@home.org>")
// stays as it is. One level of escaping is undone: "&lt;b&gt;" gives "<b>". Linear time.
std::string strip_html(std::string_view html);
// The same, into `text`, whose memory is reused.
void strip_html(std::string_view html, std::string& text);

}  // namespace fastformer::text
