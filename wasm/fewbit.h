/*
 * fewbit.h: the exports of fewbit.simd.wasm and fewbit.relaxed.wasm, and of smaller modules of the same source,
 * for hosts without JavaScript.
 *
 * The module has no imports and exports its memory as "memory". A pointer is a byte offset into it;
 * everything is little-endian. The module never grows its memory and never frees: the host calls
 * memory.grow before it writes, and views that it holds end to be valid then. All state lies in memory
 * at addresses that the host chose, so that one module instance may hold several models, and a model
 * several instances.
 *
 * What the host must have: WebAssembly with SIMD (relaxed SIMD for the other module), bulk memory, sign
 * extension and conversions that do not trap, all of WebAssembly 2.0; no threads, no exceptions, no GC.
 *
 * Threads: one at a time calls a module instance, its memory is not shared. Others instantiate the module
 * again, which has been compiled once, each with a memory of its own.
 *
 * A negative status is a verdict, negated (FEWBIT_... below). No input and no order of calls makes a
 * function trap, as long as pointers and sizes are those described here: what is called too early, or for
 * an address at which there is no model or instance, returns -FEWBIT_BAD_ARGUMENT, or 0 where it returns
 * an address, a size or a count.
 *
 * Loading, with the file's bytes in `file`:
 *
 *   head  = u32 at file + 8                          (at least 64 and at most the file's size)
 *   the file has head + (u64 at file + 12) bytes     (refuse it where it is shorter)
 *   model = heap_base()                              (any multiple of 256 from there on)
 *   grow memory to model + model_size(head)
 *   copy the first `head` bytes of the file to model + 256
 *   model_load(model, head)
 *   model_symbol(model, find(...), value)            (optional: largest batch, context ...)
 *   model_plan(model, 0xFFFF0000, 35184372088832.0)  (most bytes, most multiply-accumulates)
 *   context = model_end(model)
 *   grow memory to context + instance_size(model)
 *   for segment in 0, 1, 2: copy the next segment_bytes(model, segment) bytes of the file
 *                           to segment_address(model, segment); in pieces, as they come
 *   for the next trits_bytes(model) bytes, if there are any, trits_capacity(model) at most at a time:
 *     copy n bytes to trits_address(model); trits_push(model, n)
 *   model_ready(model)
 *   instance_init(model, context)
 *
 * Running, with indices from find():
 *
 *   symbol_set(context, symbol, value)               (optional: sizes of this run)
 *   write inputs to tensor_address(context, tensor), tensor_bytes(context, tensor) bytes each
 *   begin(context, entry)
 *   run(context, entry, 0, 0x7FFFFFFF)
 *   read outputs: tensor_bytes(context, tensor) bytes at tensor_address(context, tensor)
 *
 * Sizes to check, as nothing here knows how much the host has written: the data of an input against
 * tensor_bytes once its symbols are set (less would leave what was there before), never more than
 * tensor_capacity; type and rank of what is read against tensor_dtype and tensor_rank.
 *
 * The host writes inputs, parameters and state, between two runs; it reads these and outputs. Constants and
 * the arena are the module's own. A name for find() is written where neither a model nor an instance lies,
 * nor the module's own data: behind the last instance, into memory that was grown for it.
 *
 * The head must stay where model_load saw it. The relaxed module is for hosts whose relaxed dot product
 * is exact with its second operand in 0...127: use it only where selftest() returns 0.
 */
#ifndef FEWBIT_H
#define FEWBIT_H

#include <stdint.h>

/* The version is that of all functions; 4 added name_address to metadata_bytes below, and features. */
#define FEWBIT_ABI_VERSION 4

/* Verdicts. */
#define FEWBIT_BAD_MAGIC 1           /* not a fewbit file */
#define FEWBIT_UNSUPPORTED_VERSION 2
#define FEWBIT_TRUNCATED 3
#define FEWBIT_CHECKSUM 4
#define FEWBIT_BAD_SECTION 5
#define FEWBIT_UNSUPPORTED_SECTION 6
#define FEWBIT_LIMIT 7               /* too many records of a kind */
#define FEWBIT_BAD_NAME 8
#define FEWBIT_BAD_SYMBOL 9
#define FEWBIT_BAD_EXPRESSION 10
#define FEWBIT_BAD_TENSOR 11
#define FEWBIT_BAD_VIEW 12
#define FEWBIT_BAD_OPCODE 13
#define FEWBIT_BAD_ATTRIBUTE 14
#define FEWBIT_BAD_OPERAND 15
#define FEWBIT_BAD_SHAPE 16
#define FEWBIT_BAD_RULE 17
#define FEWBIT_OUT_OF_BOUNDS 18
#define FEWBIT_ALIASING 19
#define FEWBIT_UNINITIALISED 20
#define FEWBIT_BAD_ENTRY 21
#define FEWBIT_TOO_MUCH_MEMORY 22
#define FEWBIT_TOO_MUCH_WORK 23
#define FEWBIT_BAD_DATA 24           /* stored bytes of the wrong size, an index out of range, no trits */
#define FEWBIT_BAD_ARGUMENT 32       /* a symbol out of its range, an index or a step out of order */
#define FEWBIT_BAD_INPUT 33          /* values of an input fail its check */
#define FEWBIT_NOT_FOUND 34          /* nothing has that name */
#define FEWBIT_UNSUPPORTED_INSTRUCTION 35 /* this module was built without one of the instructions */

/* Kinds of names. */
#define FEWBIT_SYMBOL 0
#define FEWBIT_TENSOR 1              /* inputs, outputs, parameters, state */
#define FEWBIT_ENTRY 2

/* Kinds of symbols: sizes that are settled when a program is loaded, and those of each run. */
#define FEWBIT_SYMBOL_LOAD 0
#define FEWBIT_SYMBOL_RUN 1

/* Regions, which are the roles of tensors. */
#define FEWBIT_REGION_CONSTANT 0     /* weights: never written */
#define FEWBIT_REGION_PARAMETER 1    /* initialised from the file; the host may write it */
#define FEWBIT_REGION_STATE 2        /* outlives a run; the host may write it */
#define FEWBIT_REGION_ARENA 3        /* within a run */
#define FEWBIT_REGION_INPUT 4        /* the host writes it before begin */
#define FEWBIT_REGION_OUTPUT 5       /* the host reads it after run */

/* Types of elements. f16 and bf16 are 16 bits as they are; a bool is a byte, 0 or 1. */
#define FEWBIT_DTYPE_I8 0
#define FEWBIT_DTYPE_U8 1
#define FEWBIT_DTYPE_I16 2
#define FEWBIT_DTYPE_I32 3
#define FEWBIT_DTYPE_F32 4
#define FEWBIT_DTYPE_F64 5
#define FEWBIT_DTYPE_I64 6
#define FEWBIT_DTYPE_F16 7
#define FEWBIT_DTYPE_BF16 8
#define FEWBIT_DTYPE_U32 9
#define FEWBIT_DTYPE_BOOL 10
#define FEWBIT_DTYPE_U16 11

/* Features that a file requires: bits of the u32 at file + 24. model_load refuses a file with one that is
 * not among features(). */
#define FEWBIT_FEATURE_TRITS 1       /* ternary weights in base 3 */

/* What i32x4.relaxed_dot_i8x16_i7x16_add_s computes on a host: its second operand is bytes of seven bits,
 * signed bytes, or unsigned bytes. */
#define FEWBIT_DOT_SEVEN 1
#define FEWBIT_DOT_SIGNED 2
#define FEWBIT_DOT_UNSIGNED 3

typedef uint32_t fewbit_model;   /* address of a model, a multiple of 256 */
typedef uint32_t fewbit_context; /* address of an instance, a multiple of 256 */

/* FEWBIT_ABI_VERSION. */
int32_t abi_version(void);
/* 0 where this host computes right with this module: a small program is loaded, verified and run. To be
 * called before anything else: it uses memory from heap_base() on. */
int32_t selftest(void);
/* What the dot product of this module computes on this host (above); 0 without relaxed SIMD. */
int32_t dot_form(void);
/* The features that this module knows. */
uint32_t features(void);
/* First address that the host may use, a multiple of 256. */
uint32_t heap_base(void);

/* Bytes from `model` on that model_load and model_plan need; 0xFFFFFFFF where there cannot be enough. */
uint32_t model_size(uint32_t head_bytes);
/* Decodes the head at model + 256, of which head_bytes are there. Refuses a program with an instruction that
 * this module was built without (wasm/README.md). */
int32_t model_load(fewbit_model model, uint32_t head_bytes);
/* Gives a load-time symbol a value other than its default, between model_load and model_plan. */
int32_t model_symbol(fewbit_model model, uint32_t symbol, int32_t value);
/* Makes kernels take the dot product for another form than dot_form(), between model_load and model_plan:
 * FEWBIT_DOT_SEVEN, which every relaxed module has. The bits of all results are the same. */
int32_t model_dot(fewbit_model model, int32_t form);
/* Verifies the program and plans its memory. */
int32_t model_plan(fewbit_model model, uint32_t memory_limit_bytes, double work_limit);
/* First address behind the constants and initial bytes, a multiple of 256. */
uint32_t model_end(fewbit_model model);
/* Place and size of the stored constants (0), parameters (1) and state (2), in the file's order. */
uint32_t segment_address(fewbit_model model, uint32_t segment);
uint32_t segment_bytes(fewbit_model model, uint32_t segment);
/* Ternary weights are stored in base 3 behind the segments, trits_bytes in all (0 in most models), and
 * are decoded into place from a buffer of trits_capacity bytes: pieces of any size, in order. */
uint32_t trits_bytes(fewbit_model model);
uint32_t trits_address(fewbit_model model);
uint32_t trits_capacity(fewbit_model model);
int32_t trits_push(fewbit_model model, uint32_t bytes);
/* Checks the stored bytes; then instances may be made. */
int32_t model_ready(fewbit_model model);

uint32_t symbol_count(fewbit_model model);
uint32_t tensor_count(fewbit_model model);
uint32_t entry_count(fewbit_model model);
/* Instructions of an entry. */
uint32_t entry_length(fewbit_model model, uint32_t entry);
/* Index of a symbol, tensor or entry, or a negative status. The name is anywhere in memory, not terminated. */
int32_t find(fewbit_model model, uint32_t kind, uint32_t name, uint32_t name_bytes);
/* Range of a symbol, once planned; a load-time symbol has but one value. */
int32_t symbol_min(fewbit_model model, uint32_t symbol);
int32_t symbol_max(fewbit_model model, uint32_t symbol);
/* Value of a load-time symbol, default of a run-time one. */
int32_t symbol_value(fewbit_model model, uint32_t symbol);

/* Name of a symbol, tensor or entry by its index: where it is in memory, and its bytes, ASCII and not
 * terminated; 0 where there is none. Tensors of the arena, and constants, may have none or the same. */
uint32_t name_address(fewbit_model model, uint32_t kind, uint32_t index);
uint32_t name_bytes(fewbit_model model, uint32_t kind, uint32_t index);
/* FEWBIT_SYMBOL_LOAD or FEWBIT_SYMBOL_RUN. */
int32_t symbol_kind(fewbit_model model, uint32_t symbol);
/* FEWBIT_REGION_..., FEWBIT_DTYPE_... and the number of extents of a tensor. */
int32_t tensor_region(fewbit_model model, uint32_t tensor);
int32_t tensor_dtype(fewbit_model model, uint32_t tensor);
int32_t tensor_rank(fewbit_model model, uint32_t tensor);
/* 1 where an entry names a tensor, else 0, once planned: its inputs have to be written, its outputs are. */
int32_t entry_uses(fewbit_model model, uint32_t entry, uint32_t tensor);
/* The metadata of the file: an object in JSON, UTF-8 and not terminated (labels, preprocessing, tokenizer);
 * 0 bytes where there is none. It is the file's word: check what you use of it. */
uint32_t metadata_address(fewbit_model model);
uint32_t metadata_bytes(fewbit_model model);

/* Bytes of an instance, a multiple of 256. The next one may follow it. */
uint32_t instance_size(fewbit_model model);
/* Sets up an instance: parameters and state have their initial bytes. */
int32_t instance_init(fewbit_model model, fewbit_context context);
/* Sets up `to`, which may not overlap `from`, with the parameters, state and symbols of `from`. */
int32_t instance_copy(fewbit_context from, fewbit_context to);
/* Gives the state its initial bytes. */
int32_t instance_reset(fewbit_context context);

/* Gives a run-time symbol its value from the next begin on. It keeps it. */
int32_t symbol_set(fewbit_context context, uint32_t symbol, int32_t value);
/* Where a tensor lies. Inputs, outputs, parameters and state may be read and written between runs. */
uint32_t tensor_address(fewbit_context context, uint32_t tensor);
/* Its bytes at the present values of the symbols, and at their largest. */
uint32_t tensor_bytes(fewbit_context context, uint32_t tensor);
uint32_t tensor_capacity(fewbit_context context, uint32_t tensor);
/* Its extent along an axis (0 ... 3) at the present values of the symbols; 1 beyond its rank. */
uint32_t tensor_extent(fewbit_context context, uint32_t tensor, uint32_t axis);
/* Where the initial bytes of a constant, parameter or state lie, decoded; 0 where they are zero. */
uint32_t tensor_initial(fewbit_model model, uint32_t tensor);

/* Makes the NaNs of a float32 parameter or state canonical (0x7FC00000), as those of outputs are at the
 * end of an entry: which bits they have differs from host to host. To be called before state is saved. */
int32_t canonicalize(fewbit_context context, uint32_t tensor);

/* Begins an entry: checks symbols and inputs. The checked inputs must not be changed until it ends. */
int32_t begin(fewbit_context context, uint32_t entry);
/* Runs up to `count` instructions from `first` on, numbered in the entry; returns the next one. What comes
 * before `first` must have run. */
int32_t run(fewbit_context context, uint32_t entry, uint32_t first, uint32_t count);
/* Runs part `part` of `parts` of one instruction; in any order, each part once. No two write the same byte,
 * and the bits do not depend on their number. A part of more parts than there is work for does nothing. */
int32_t run_part(fewbit_context context, uint32_t entry, uint32_t index, uint32_t part,
                 uint32_t parts);

#endif
