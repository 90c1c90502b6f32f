// The commands of the two programs, one file each.
#pragma once

#include "command.h"

namespace fastformer::apps {

int run_inspect(Arguments arguments);
int run_import(Arguments arguments);
int run_data(Arguments arguments);
int run_data_check(Arguments arguments);
int run_data_listops(Arguments arguments);
int run_train(Arguments arguments);
int run_pretrain(Arguments arguments);
int run_predict(Arguments arguments);
int run_evaluate(Arguments arguments);
int run_quantize(Arguments arguments);
int run_bench(Arguments arguments);
int run_bench_encoder(Arguments arguments);
int run_compare(Arguments arguments);

}  // namespace fastformer::apps
