// What libtorch throws, as errors for people.
#pragma once

#include <functional>

namespace fastformer::learn {

// Returns what `body` returns. What libtorch throws in it comes out as an Error in libtorch's own
// words without the stack, or as std::bad_alloc where memory ran out.
int with_torch_errors(const std::function<int()>& body);

}  // namespace fastformer::learn
