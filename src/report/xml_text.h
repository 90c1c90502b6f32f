// Text as XML may hold it.
#pragma once

#include <string>
#include <string_view>

namespace fastformer::report {

// `text` for the content or a quoted attribute of an element: what XML reads as markup is escaped,
// and bytes that are not UTF-8 or characters that XML 1.0 does not allow become U+FFFD.
std::string xml_escaped(std::string_view text);

}  // namespace fastformer::report
