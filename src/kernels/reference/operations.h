// The small operations that every stage is made of, each on the rows of a matrix.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/reference/matrix.h"
#include "kernels/reference/weights.h"

namespace fastformer::kernels::reference {

template <typename T>
T dot(const T* a, const T* b, std::int64_t length);

// y_i = W x_i + b for every row x_i.
template <typename T>
Matrix<T> linear(const Linear<T>& map, const Matrix<T>& x);

// The sum, element by element; the shapes are equal.
template <typename T>
Matrix<T> add(const Matrix<T>& a, const Matrix<T>& b);

// Every row to mean 0 and variance 1 (biased, `epsilon` added to it), then scaled and shifted.
template <typename T>
Matrix<T> layer_norm(const Norm<T>& norm, double epsilon, const Matrix<T>& x);

// x Phi(x) with the normal distribution's Phi, exact (erf).
template <typename T>
Matrix<T> gelu(const Matrix<T>& x);

template <typename T>
Matrix<T> tanh(const Matrix<T>& x);

// Softmax of [tokens, heads] over the tokens, each head (column) by itself.
template <typename T>
Matrix<T> softmax_over_tokens(const Matrix<T>& scores);

// Global vector [width] of a document: its slice of head h is sum_i weights(i, h) values(i, slice).
template <typename T>
std::vector<T> weighted_sum(const Matrix<T>& weights, const Matrix<T>& values);

}  // namespace fastformer::kernels::reference
