// Attention in two passes: the largest score of all keys first, then weights relative to it. Keys are
// divided among blocks; largest, Z and the sums of values are met by atomic operations on integers, whose
// order does not matter.

struct AttentionArguments {
    const i8 *queries;         // [rows, heads, stride]
    const Scale *query_scales; // [rows, heads]
    const i8 *keys;            // [slots, groups, capacity, stride]
    const Scale *key_scales;   // [slots, groups, capacity]
    const i8 *values;          // as keys
    const u16 *value_scales;   // as key_scales
    const u32 *slots;          // [rows]
    const u32 *positions;      // [rows]
    i32 *scores;               // [rows here, heads, span], scratch
    i32 *largest;              // [rows here, heads]
    u64 *totals;               // [rows here, heads]
    u64 *sums;                 // [rows here, heads, width], two's complement
    i32 *output;               // [rows, heads, width], Q16
    i64 first;                 // the first row; the scratch is of those from it on
    i64 heads;
    i64 groups; // key-value heads; divides heads
    i64 width;
    i64 stride;
    i64 capacity;
    i64 span;   // keys that there is room for in a row of scores
    i64 window; // 0: none
    i64 score_scale;
    i64 value_format;
};

// What one block reads: a head of a row. Grid: chunks of keys, heads, rows here.
struct Seen {
    i64 row;     // of the batch
    i64 scratch; // of [rows here, heads]
    i64 cache;   // of [slots, groups, capacity], the first key that is seen
    i64 count;   // keys that are seen
};

__device__ __forceinline__ Seen keys_of_block(const AttentionArguments &arguments) {
    Seen seen;
    seen.row = arguments.first + blockIdx.z;
    seen.scratch = (i64)blockIdx.z * arguments.heads + blockIdx.y;
    i64 end = (i64)arguments.positions[seen.row] + 1;
    seen.count = arguments.window != 0 ? smaller(end, arguments.window) : end;
    i64 group = blockIdx.y / (arguments.heads / arguments.groups);
    i64 head = (i64)arguments.slots[seen.row] * arguments.groups + group;
    seen.cache = head * arguments.capacity + end - seen.count;
    return seen;
}

// Empties the sums. Grid: 1, heads, rows here.
extern "C" __global__ void attention_begin(AttentionArguments arguments) {
    i64 scratch = (i64)blockIdx.z * arguments.heads + blockIdx.y;
    if (threadIdx.x == 0) {
        arguments.largest[scratch] = -2147483647 - 1;
        arguments.totals[scratch] = 0;
    }
    for (i64 column = threadIdx.x; column < arguments.width; column += blockDim.x) {
        arguments.sums[scratch * arguments.width + column] = 0;
    }
}

// Scores of blockDim keys. q*k has 22 bits, times two mantissas 54, the scaled product 62.
extern "C" __global__ void attention_scores(AttentionArguments arguments) {
    Seen seen = keys_of_block(arguments);
    i64 first = (i64)blockIdx.x * blockDim.x;
    if (first >= seen.count) {
        return;
    }
    i64 key = first + threadIdx.x;
    i32 score = -2147483647 - 1;
    if (key < seen.count) {
        i64 head = seen.row * arguments.heads + blockIdx.y;
        const i8 *query = arguments.queries + head * arguments.stride;
        const i8 *row = arguments.keys + (seen.cache + key) * arguments.stride;
        i32 product = 0;
        for (i64 column = 0; column < arguments.stride; column += 16) {
            product = add_products(product, read_sixteen(query + column), read_sixteen(row + column));
        }
        Scale query_scale = arguments.query_scales[head];
        Scale key_scale = arguments.key_scales[seen.cache + key];
        i64 mantissas = (i64)query_scale.mantissa * (i64)key_scale.mantissa;
        i64 scaled = rsh(product * mantissas, 22) * arguments.score_scale;
        score = saturate(rsh(scaled, 26 - query_scale.exponent - key_scale.exponent));
        arguments.scores[seen.scratch * arguments.span + key] = score;
    }
    score = reduce_block(score, Largest());
    if (threadIdx.x == 0) {
        atomicMax(arguments.largest + seen.scratch, score);
    }
}

const i64 LARGEST_WEIGHT = (1 << 24) - 1;

// 2^-x of x >= 0 in Q16, 24 bits.
__device__ __forceinline__ i64 negative_power(i64 x) {
    i64 power = rsh(interpolate(EXP2, x & 0xffff), (i32)(x >> 16));
    return smaller(power, LARGEST_WEIGHT);
}

// Weights of blockDim keys and their sums of values. w*v is below 2^31, a sum over 2^18 keys has 49 bits.
extern "C" __global__ void attention_weigh(AttentionArguments arguments) {
    __shared__ i32 weights[1024];
    Seen seen = keys_of_block(arguments);
    i64 first = (i64)blockIdx.x * blockDim.x;
    if (first >= seen.count) {
        return;
    }
    i64 key = first + threadIdx.x;
    i64 power = 0;
    i32 weight = 0;
    if (key < seen.count) {
        i64 score = arguments.scores[seen.scratch * arguments.span + key];
        power = negative_power(arguments.largest[seen.scratch] - score);
        weight = (i32)rsh(power * arguments.value_scales[seen.cache + key], 16);
    }
    weights[threadIdx.x] = weight;
    u64 total = reduce_block((u64)power, Sum());
    if (threadIdx.x == 0) {
        atomicAdd(arguments.totals + seen.scratch, total);
    }
    i32 keys = (i32)smaller(seen.count - first, (i64)blockDim.x);
    const i8 *values = arguments.values + (seen.cache + first) * arguments.stride;
    for (i64 column = threadIdx.x; column < arguments.width; column += blockDim.x) {
        i64 sum = 0;
        for (i32 each = 0; each < keys; each++) {
            sum += weights[each] * values[each * arguments.stride + column];
        }
        atomicAdd(arguments.sums + seen.scratch * arguments.width + column, (u64)sum);
    }
}

// Quotients by Z. Grid: 1, heads, rows here.
extern "C" __global__ void attention_finish(AttentionArguments arguments) {
    i64 scratch = (i64)blockIdx.z * arguments.heads + blockIdx.y;
    u64 total = arguments.totals[scratch];
    i32 shift = larger(bit_length(total) - 24, 0);
    i64 half = 127 * (i64)(total >> shift);
    i64 head = (arguments.first + blockIdx.z) * arguments.heads + blockIdx.y;
    for (i64 column = threadIdx.x; column < arguments.width; column += blockDim.x) {
        // The sum of 49 bits loses zs of them and is below 2^62 when the format is back.
        i64 sum = (i64)arguments.sums[scratch * arguments.width + column];
        i64 numerator = rsh(rsh(sum, shift), (i32)arguments.value_format - 33);
        i32 quotient = half == 0 ? 0 : saturate(floor_divide(numerator + half, 2 * half));
        arguments.output[head * arguments.width + column] = quotient;
    }
}
