// What the program's memory is made of.
#pragma once

namespace fastformer::apps {

// Lets the first 30 megabytes that the program takes come in huge pages, where the system has them
// for who asks: loading a model writes some ten, and a fifth of the time until the first label is
// the system's, which hands over pages of 4 KB one by one. Where the hint is not taken, all is as
// before. For the start of a program; not where memory is limited (ulimit -v, ulimit -d).
void take_huge_pages();

}  // namespace fastformer::apps
