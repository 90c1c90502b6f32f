// What the program's memory is made of.
#pragma once

namespace fastformer::apps {

// Lets the first 30 megabytes that the program takes come in huge pages, where the system has them
// for who asks: loading a model writes some ten, and a fifth of the time until the first label is
// the system's, which hands over pages of 4 KB one by one. Nothing is lost where the hint is not
// taken. For the start of a program; not where the address space is limited (ulimit -v).
void take_huge_pages();

}  // namespace fastformer::apps
