// All of QRS, in reading order: every header stands after those it includes. A program that needs one chapter includes that
// header alone and compiles faster.
#pragma once

// clang-format off
#include "version.hpp"

// core: errors, comparisons, threads, random numbers, memory, hashes.
#include "core/argmax.hpp"           // Where the greatest of some values stands
#include "core/array.hpp"            // Arrays that count in std::int64_t, as the formulas that index them do
#include "core/crc32.hpp"            // CRC-32, the checksum of zip, gzip and PNG
#include "core/device.hpp"           // Where data lives: the CPU or a device
#include "core/error.hpp"            // The one exception type of the library, and the check that throws it
#include "core/compare.hpp"          // How far numbers are from their reference, and where
#include "core/fixed_text.hpp"       // A number with a fixed count of decimals, as tables print it
#include "core/macros.hpp"           // The two macros of the project that need no other header
#include "core/memory.hpp"           // Aligned memory with a cache in front of the system
#include "core/natural_order.hpp"    // The order people expect of numbered names
#include "core/parallel.hpp"         // Loops over all cores, with the same bits for any number of threads
#include "core/philox.hpp"           // Random numbers that have an address instead of a state
#include "core/rounded.hpp"          // A number as it is in memory
#include "core/rng.hpp"              // Random numbers with a state that the caller owns
#include "core/sha256.hpp"           // SHA-256 of bytes and files
#include "core/split_text.hpp"       // A text cut at a character
#include "core/splitmix.hpp"         // The mixing step of splitmix64
#include "core/named_values.hpp"     // Values that have a name instead of a state
#include "core/timer.hpp"            // Seconds since a Timer was made, by the steady clock

// tensor: shapes, storage, tensors.
#include "tensor/dispatch.hpp"    // The one place where an operation chooses its device
#include "tensor/shape.hpp"       // The extents of a tensor
#include "tensor/storage.hpp"     // A run of bytes on a device
#include "tensor/tensor.hpp"      // Tensor<T>, a dense array on a device, channels last
#include "tensor/compare.hpp"     // How far two tensors are from each other, and where
#include "tensor/print.hpp"       // A tensor as text, for people

// autograd: the tape, and the judge of gradients.
#include "autograd/grad_slot.hpp"    // Where the gradient of one value gathers
#include "autograd/recipe.hpp"       // Recipe and Kept: what is cheap to compute again is not kept
#include "autograd/var.hpp"          // A value of a computation
#include "autograd/print.hpp"        // A Var as text, for people
#include "autograd/tape.hpp"         // Reverse-mode differentiation on a tape
#include "autograd/gradcheck.hpp"    // Gradients against central differences

// ops: one differentiable operation a file.
#include "ops/check.hpp"             // What every operation asks of its inputs before a kernel sees them
#include "ops/expand.hpp"            // The same values along axes of more elements
#include "ops/add.hpp"               // y = a + b
#include "ops/attention.hpp"         // y = softmax(q k^T / sqrt(D)) v for each head
#include "ops/concat.hpp"            // Tensors one after the other along an axis
#include "ops/cross_entropy.hpp"     // Cross-entropy of logits
#include "ops/in_place.hpp"          // Where a backward pass that maps dy value by value writes dx
#include "ops/dropout.hpp"           // dropout and stochastic_depth
#include "ops/layer_norm.hpp"        // Layer normalisation over the last axis
#include "ops/mul.hpp"               // y = a * b, elementwise
#include "ops/scale.hpp"             // y = alpha x, for a number alpha
#include "ops/sub.hpp"               // y = a - b, elementwise
#include "ops/div.hpp"               // y = a / b, elementwise
#include "ops/exp_log.hpp"           // exp, log and sqrt of every value
#include "ops/operators.hpp"         // The four rules of arithmetic as they are written
#include "ops/norm_act.hpp"          // NormAct, the recipe f(x scale + shift + residual) gate
#include "ops/activation.hpp"        // y = f(x): relu, silu, gelu and the others
#include "ops/gate.hpp"              // y[n, ..., c] = x[n, ..., c] * s[n, c], or * s[c]
#include "ops/normalization.hpp"     // The parts of batch normalisation that are no operation
#include "ops/batch_norm.hpp"        // Batch normalisation, with the residual and the activation behind it
#include "ops/conv2d.hpp"            // Two-dimensional convolution
#include "ops/conv_norm.hpp"         // y = f(norm(conv(x)) + residual)
#include "ops/dense_features.hpp"    // The features of a dense block
#include "ops/linear.hpp"            // y = x w^T + b, the fully connected layer, over the last axis
#include "ops/matmul.hpp"            // The product of matrices, one or many
#include "ops/permute.hpp"           // The axes of a tensor in another order
#include "ops/reshape.hpp"           // The same values under another shape
#include "ops/pool2d.hpp"            // Pooling of images: maximum, average, adaptive, global
#include "ops/slice.hpp"             // A range along an axis of a tensor
#include "ops/softmax.hpp"           // softmax and log_softmax over the last axis
#include "ops/sum.hpp"               // The sum or the mean of all values
#include "ops/mse_loss.hpp"          // The mean squared error

// io: what files hold.
#include "io/byte_reader.hpp"          // A cursor over the bytes of a file that never leaves them
#include "io/descriptor.hpp"           // A POSIX descriptor, words about files and errors
#include "io/dtype.hpp"                // The element types that weight files hold
#include "io/output_target.hpp"        // What an output path stands for: a file, a link, a device
#include "io/file.hpp"                 // Whole files in, whole files out
#include "io/file_kind.hpp"            // What a file is, told by its bytes
#include "io/folder.hpp"               // Folders
#include "io/json_list.hpp"            // Lists of texts as JSON arrays
#include "io/pickle_reader.hpp"        // Reads a Python pickle into plain nodes and calls nothing
#include "io/state_dict.hpp"           // StateDict, what a weight file holds: names and tensors
#include "io/safetensors.hpp"          // safetensors
#include "io/strided_view.hpp"         // A tensor as files describe it
#include "io/npy.hpp"                  // NumPy's .npy
#include "io/text_cursor.hpp"          // Reads numbers and words of a text file
#include "io/text_encoding.hpp"        // Text as programs save it, made UTF-8
#include "io/csv_records.hpp"          // The records of a table as text
#include "io/csv_numbers.hpp"          // A field of a table as a number
#include "io/csv.hpp"                  // Tables of numbers as text
#include "io/libsvm_format.hpp"        // LIBSVM's text files of samples
#include "io/libsvm_model_file.hpp"    // LIBSVM's text `.model`
#include "io/name_map.hpp"             // Names of a file's entries under other names
#include "io/torch_objects.hpp"        // What the nodes of a checkpoint's pickle mean
#include "io/torch_mappings.hpp"       // Which mapping of a torch checkpoint holds the weights
#include "io/torch_legacy.hpp"         // The stream of torch.save before 1.6
#include "io/torch_tar.hpp"            // The container of torch before 0.1.10, still found in the wild
#include "io/ubjson.hpp"               // UBJSON, the binary form of JSON
#include "io/xgboost_json.hpp"         // XGBoost's JSON model
#include "io/zip_reader.hpp"           // The zip container of torch >= 1.6, read from its central directory
#include "io/torch_writer.hpp"         // Writes a state dict as torch.save does
#include "io/torch_zip.hpp"            // The container of torch.save since 1.6
#include "io/torch_checkpoint.hpp"     // torch checkpoints
#include "io/checkpoint.hpp"           // Any weight file this library reads, by its content

// nn: operations that own parameters.
#include "nn/init.hpp"            // Initial values of parameters, by the names of torch.nn.init
#include "nn/summary.hpp"         // What a network costs, layer by layer
#include "nn/module.hpp"          // Module<T>, what owns parameters
#include "nn/module_list.hpp"     // ModuleList<Layer>: as many parts of one kind as a network wants
#include "nn/layers.hpp"          // The layers that own parameters
#include "nn/attention.hpp"       // MultiheadAttention, with the names of torch.nn
#include "nn/conv_norm.hpp"       // A convolution and the batch norm after it, as modules
#include "nn/state.hpp"           // State dicts of modules
#include "nn/fit_names.hpp"       // Names of a file as a network knows them
#include "nn/weights_hash.hpp"    // The name of a set of weights

// optim: optimisers and schedules.
#include "optim/optimizer.hpp"               // What every optimiser is
#include "optim/adam.hpp"                    // Adam and AdamW
#include "optim/averaged_model.hpp"          // An exponential moving average of a network's weights
#include "optim/clip_grad.hpp"               // Gradients kept within bounds, between backward and the optimiser's step
#include "optim/reduce_lr_on_plateau.hpp"    // Lowers the learning rate when a metric has stopped improving
#include "optim/early_stopping.hpp"          // Ends training when a metric has stopped improving
#include "optim/schedule.hpp"                // Learning rates as functions of the step
#include "optim/one_cycle.hpp"               // The one-cycle schedule
#include "optim/sgd.hpp"                     // Stochastic gradient descent

// models: networks as published.
#include "models/model.hpp"                 // Model<T>, what all networks share
#include "models/convnext.hpp"              // ConvNeXt-Tiny
#include "models/densenet.hpp"              // DenseNet121
#include "models/efficientnet.hpp"          // EfficientNet-B0
#include "models/mobilenet_v2.hpp"          // MobileNetV2
#include "models/resnet.hpp"                // ResNet18 and ResNet34
#include "models/vision_transformer.hpp"    // ViT-B/16
#include "models/registry.hpp"              // The networks by name, for programs that take a name

// image: pixels as Pillow makes them.
#include "image/box.hpp"             // A rectangle on an image, in pixels
#include "image/deflate.hpp"         // Compression for PNG
#include "image/file_error.hpp"      // The Error of a picture file that cannot be read
#include "image/image.hpp"           // An 8-bit image
#include "image/bmp.hpp"             // What a BMP file says, and its pixels
#include "image/exif.hpp"            // EXIF orientation
#include "image/jpeg_markers.hpp"    // What a JPEG file says
#include "image/jpeg_quality.hpp"    // What a JPEG file of a given quality makes of a grey image
#include "image/png_chunks.hpp"      // What a PNG file says
#include "image/png_filters.hpp"     // The filters of PNG's rows
#include "image/inflate.hpp"         // Decompression for PNG
#include "image/png_pixels.hpp"      // The pixels of a PNG file, row by row
#include "image/encode.hpp"          // Images to PNG files, 8 bits a channel, grey or RGB
#include "image/pnm.hpp"             // The binary PGM and PPM formats
#include "image/decode.hpp"          // Picture files to images
#include "image/jpeg_turbo.hpp"      // JPEG by libjpeg-turbo, the library that Pillow is built with
#include "image/resize.hpp"          // Resizing with the bits of Pillow's Image.resize
#include "image/stroke_font.hpp"     // Letters as strokes of a pen
#include "image/draw_text.hpp"       // Text on an image
#include "image/transform.hpp"       // Grey

// metrics: how good a prediction is, and how sure that is.
#include "metrics/distributions.hpp"            // The distributions behind intervals and tests
#include "metrics/intervals.hpp"                // Intervals for a share
#include "metrics/labels.hpp"                   // What every metric is given
#include "metrics/bootstrap.hpp"                // The bootstrap
#include "metrics/confusion.hpp"                // The confusion matrix
#include "metrics/delong.hpp"                   // The sampling variance of an AUC
#include "metrics/hypothesis.hpp"               // Tests
#include "metrics/precision_recall.hpp"         // Precision, recall and F
#include "metrics/classification_report.hpp"    // The classification report
#include "metrics/probability.hpp"              // How good probabilities are as probabilities
#include "metrics/ranking.hpp"                  // What every curve over thresholds is computed from
#include "metrics/roc.hpp"                      // Curves over all thresholds and the areas under them
#include "metrics/scores.hpp"                   // One number for a prediction
#include "metrics/evaluation.hpp"               // What an evaluation says
#include "metrics/evaluation_tables.hpp"        // The scores of an evaluation as two tables
#include "metrics/evaluate.hpp"                 // Everything of one prediction
#include "metrics/temperature.hpp"              // Temperature scaling

// data: who trains and who tests.
#include "data/group_balance.hpp"    // Which part each group goes to
#include "data/image_dataset.hpp"    // Grey images of one size with their labels and the names and hashes of the files
#include "data/image_list.hpp"       // Which image files a data set has and what each is labelled
#include "data/image_table.hpp"      // The images of a data set from a table
#include "data/image_folder.hpp"     // The images of a data set from a folder with one folder a class
#include "data/preprocessing.hpp"    // How images were prepared, as a text that files keep and read back
#include "data/read_images.hpp"      // The files of an ImageList as one ImageDataset
#include "data/image_cache.hpp"      // An ImageDataset as a .safetensors file
#include "data/split.hpp"            // Random splits into train and test, index for index those of scikit-learn
#include "data/k_fold.hpp"           // Folds of cross-validation, index for index those of scikit-learn
#include "data/grouped_split.hpp"    // Splits that never put one group
#include "data/part_split.hpp"       // The three parts of an experiment

// train: the training loop, its history and checkpoints, and what a network says of images.
#include "train/history.hpp"       // The history of a training run
#include "train/samples.hpp"       // Samples
#include "train/streams.hpp"       // The streams of Philox numbers that a training run draws from
#include "train/augment.hpp"       // Augmentation
#include "train/batches.hpp"       // Batches
#include "train/options.hpp"       // The settings of a training run
#include "train/checkpoint.hpp"    // A checkpoint
#include "train/predict.hpp"       // What a network says of many images
#include "train/trainer.hpp"       // fit

// infer: a trained network from its file, and what it says of a picture.
#include "infer/network_file.hpp"      // A trained network as one file
#include "infer/classifier.hpp"        // After training
#include "infer/classify_files.hpp"    // Many picture files through one network

// explain: which part of a page a network looked at.
#include "explain/grad_cam.hpp"         // Grad-CAM and Grad-CAM++
#include "explain/occlusion.hpp"        // Occlusion
#include "explain/randomization.hpp"    // Does a map depend on what the network has learnt? The rank correlation of maps of a
#include "explain/regions.hpp"          // Which parts of a page an explanation falls on
#include "explain/overlay.hpp"          // An explanation as a picture

// audit: what a score is worth.
#include "audit/duplicates.hpp"    // Which images are the same
#include "audit/leak_split.hpp"    // A test accuracy, and what copies make of it
#include "audit/leakage.hpp"       // What a test score is worth when test items also stand in training

// report: what a run found, as files people and programs read.
#include "report/base64.hpp"                      // Bytes as text in Base64
#include "report/epoch_record.hpp"                // One epoch of a training, as drawings and reports read it
#include "report/json.hpp"                        // Scores as JSON, for programs that read what a run found
#include "report/number_text.hpp"                 // Numbers as a reader wants them
#include "report/axis.hpp"                        // Where numbers lie on a drawing, and which of them get a tick
#include "report/markup.hpp"                      // Markup that cannot be broken by the text in it
#include "report/style.hpp"                       // How a page looks
#include "report/html.hpp"                        // The frame of a page
#include "report/svg.hpp"                         // A drawing in SVG inside a page
#include "report/chart.hpp"                       // The frame that the charts with two axes share
#include "report/charts/confusion_chart.hpp"      // The confusion matrix as a grid
#include "report/charts/interval_chart.hpp"       // Shares with their intervals, one group of bars a model
#include "report/charts/learning_curves.hpp"      // Loss and accuracy of a network epoch by epoch
#include "report/charts/reliability_chart.hpp"    // Is a model as often right as it says
#include "report/charts/roc_chart.hpp"            // One ROC curve a class, each against all others, with its area
#include "report/charts/scree_chart.hpp"          // The share of the variance that each principal component explains

// ml: learners on matrices.
#include "ml/boosting/column_sampler.hpp"            // Which features a tree, a level and a node may split on
#include "ml/boosting/regression_tree.hpp"           // One regression tree
#include "ml/boosting/split.hpp"                     // What a split is worth
#include "ml/boosting/objective.hpp"                 // The three losses that are boosted, by XGBoost's names
#include "ml/decompose/dot.hpp"                      // The inner product of two rows of numbers
#include "ml/matrix.hpp"                             // Matrices of the classical learners
#include "ml/boosting/quantile_cuts.hpp"             // Where the bins of each feature end
#include "ml/boosting/binned_matrix.hpp"             // The features as bin numbers, laid out for histograms
#include "ml/boosting/booster.hpp"                   // A boosted model
#include "ml/boosting/histogram.hpp"                 // Histograms of gradients
#include "ml/boosting/bin_splits.hpp"                // The best split that the running sums of one feature hold
#include "ml/boosting/importance.hpp"                // How much each feature counts in a model, in XGBoost's five measures
#include "ml/boosting/ref.hpp"                       // One boosted tree in the fewest lines
#include "ml/boosting/shap.hpp"                      // SHAP values of trees
#include "ml/boosting/state.hpp"                     // A boosted model in a model file
#include "ml/boosting/sum_pool.hpp"                  // Storage for the packed sums of nodes
#include "ml/boosting/touched_bins.hpp"              // Running sums of a node of few rows
#include "ml/boosting/xgboost_model.hpp"             // A boosted model from and to XGBoost's
#include "ml/column_moments.hpp"                     // Mean and variance of each column of a matrix
#include "ml/decompose/orthonormalize.hpp"           // Orthonormal vectors with a given span
#include "ml/decompose/ql_steps.hpp"                 // The plain way to diagonalise a tridiagonal matrix
#include "ml/decompose/secular.hpp"                  // The eigenvalues of a diagonal matrix changed by rank one
#include "ml/decompose/divide_and_conquer.hpp"       // The eigenvalues and vectors of a tridiagonal matrix by divide and conquer
#include "ml/decompose/ref.hpp"                      // Eigenvalues of a symmetric matrix in the fewest lines
#include "ml/decompose/tridiagonal.hpp"              // A symmetric matrix as a tridiagonal one between reflections
#include "ml/decompose/symmetric_eigen.hpp"          // Eigenvalues and eigenvectors of a symmetric matrix
#include "ml/decompose/singular_rows.hpp"            // The singular value decomposition of a matrix with no more rows than columns
#include "ml/names.hpp"                              // The names of the learners
#include "ml/table_notes.hpp"                        // What a model file says of the table that the model was fitted on
#include "ml/observer.hpp"                           // What a learner tells while it works
#include "ml/boosting/grow.hpp"                      // What growing a tree takes and gives, whichever way its splits are found
#include "ml/boosting/grow_exact.hpp"                // Trees from sorted values
#include "ml/boosting/hist_growth.hpp"               // What the growth of a tree from histograms keeps beside the tree
#include "ml/boosting/hist_search.hpp"               // The sums and the best splits of new leaves
#include "ml/boosting/move_rows.hpp"                 // Sends the rows of split nodes to their children, in order
#include "ml/boosting/grow_hist.hpp"                 // Trees from histograms
#include "ml/boosting/train.hpp"                     // Training
#include "ml/parameters.hpp"                         // Parameters by name
#include "ml/boosting/parameters.hpp"                // The parameters of gradient boosting
#include "ml/labels.hpp"                             // Class labels
#include "ml/forest/bootstrap.hpp"                   // Which rows a tree of a forest sees, and what they weigh
#include "ml/param_grid.hpp"                         // Candidates of a search
#include "ml/pca/ref.hpp"                            // Principal components in the fewest lines
#include "ml/pca/spectrum.hpp"                       // What a decomposition of centred data gives
#include "ml/pca/exact.hpp"                          // The whole spectrum
#include "ml/pca/randomized.hpp"                     // The first components by a randomised range finder with power iterations
#include "ml/shared_work.hpp"                        // Work that several fits on the same rows have in common, done once
#include "ml/estimator.hpp"                          // The two kinds of learner
#include "ml/boosting/gradient_boosting.hpp"         // GradientBoostingClassifier and GradientBoostingRegressor
#include "ml/forest/importance.hpp"                  // Permutation importance
#include "ml/pipeline.hpp"                           // Pipeline
#include "ml/scoring.hpp"                            // Scorers
#include "ml/search.hpp"                             // Cross-validation and the search for parameters
#include "ml/stored_values.hpp"                      // Arrays of numbers of a fitted learner as entries of a model file
#include "ml/pca/pca.hpp"                            // Principal component analysis
#include "ml/scaler.hpp"                             // StandardScaler
#include "ml/svm/coupling.hpp"                       // Class probabilities from the probabilities of pairs
#include "ml/svm/gamma.hpp"                          // gamma = "scale"
#include "ml/svm/kernel.hpp"                         // Kernels of support vector machines
#include "ml/svm/kernel_cache.hpp"                   // A cache of kernel rows under a byte budget
#include "ml/svm/kernel_product.hpp"                 // Sums of kernel values
#include "ml/svm/kernel_source.hpp"                  // Where the rows of a problem's kernel matrix come from
#include "ml/svm/platt.hpp"                          // Platt's sigmoid
#include "ml/svm/decisions.hpp"                      // From the decision values of all pairs of classes to scores of the classes
#include "ml/svm/machine.hpp"                        // A trained one-vs-one machine
#include "ml/svm/smo_passes.hpp"                     // The three passes over a problem's variables that a step of sequential minimal
#include "ml/svm/smo_problem.hpp"                    // A two-class problem of support vector classification
#include "ml/svm/active_set.hpp"                     // The variables of a problem in work, and which of them take part
#include "ml/svm/ref.hpp"                            // The support vector machine in the fewest lines
#include "ml/svm/row_cache.hpp"                      // Kernel rows of the active variables
#include "ml/svm/smo.hpp"                            // Sequential minimal optimisation of one two-class problem
#include "ml/svm/one_vs_one.hpp"                     // Training
#include "ml/svm/machine_state.hpp"                  // Making a machine of what training found
#include "ml/svm/svc.hpp"                            // Support vector classification
#include "ml/svm/libsvm_model.hpp"                   // A machine as LIBSVM's model, and back
#include "ml/trace.hpp"                              // The traces of learners as JSON lines
#include "ml/tree/criterion.hpp"                     // How mixed the classes of a node are, and what a split would gain
#include "ml/tree/feature_draw.hpp"                  // Which features a node tries, in which order
#include "ml/tree/limits.hpp"                        // When a tree stops growing
#include "ml/tree/ranks.hpp"                         // Every feature as ranks
#include "ml/tree/local_ranks.hpp"                   // Copies of the ranks of one small subtree
#include "ml/tree/node_samples.hpp"                  // The rows a tree grows on
#include "ml/tree/scan.hpp"                          // The best place to cut a node's samples, sorted by one feature
#include "ml/tree/quick_scan.hpp"                    // The scan of whole weights
#include "ml/tree/sort_keys.hpp"                     // Sorts the samples of a node by one feature
#include "ml/tree/splitter.hpp"                      // The best split of a node
#include "ml/tree/tree.hpp"                          // A grown tree as flat arrays
#include "ml/tree/builder.hpp"                       // Grows a tree
#include "ml/tree/pruning.hpp"                       // Minimal cost-complexity pruning
#include "ml/tree/ref.hpp"                           // The decision tree in the fewest lines
#include "ml/forest/ref.hpp"                         // The forest in the fewest lines
#include "ml/tree/vote.hpp"                          // What fitted trees say about rows
#include "ml/forest/out_of_bag.hpp"                  // The vote on each row of the trees that did not see it
#include "ml/tree/decision_tree_classifier.hpp"      // A decision tree with exact splits
#include "ml/forest/random_forest_classifier.hpp"    // A random forest
#include "ml/registry.hpp"                           // The learners by name, as the command line and model files know them
#include "ml/model_file.hpp"                         // Model files of the learners
// clang-format on
