// The two ends of the forward pass: tokens become rows, logits become tokens.

struct EmbedArguments {
    const u32 *tokens;      // [rows]
    const i8 *weights;      // [vocabulary, stride]
    const u32 *multipliers; // [vocabulary]
    i32 *hidden;            // [rows, width], Q16
    i64 width;
    i64 stride;
};

// 7 + 32 bits. Grid: width / blockDim, rows.
extern "C" __global__ void embed(EmbedArguments arguments) {
    i64 column = (i64)blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= arguments.width) {
        return;
    }
    i64 token = arguments.tokens[blockIdx.y];
    i64 element = arguments.weights[token * arguments.stride + column];
    i64 product = element * arguments.multipliers[token];
    arguments.hidden[blockIdx.y * arguments.width + column] = saturate(rsh(product, 16));
}

struct GreedyArguments {
    const i32 *logits; // [rows, vocabulary]
    u32 *tokens;       // [rows]
    i64 vocabulary;
};

// The largest logit, ties to the lowest token. Logit and token make one number of 64 bits, so that one
// reduction finds both. Grid: rows.
extern "C" __global__ void greedy(GreedyArguments arguments) {
    const i32 *logits = arguments.logits + blockIdx.x * arguments.vocabulary;
    i64 best = -LARGEST_I64;
    for (i64 token = threadIdx.x; token < arguments.vocabulary; token += blockDim.x) {
        best = larger(best, logits[token] * (1LL << 32) + (0xffffffffLL - token));
    }
    best = reduce_block(best, Largest());
    if (threadIdx.x == 0) {
        arguments.tokens[blockIdx.x] = (u32)(0xffffffffLL - (best & 0xffffffffLL));
    }
}
