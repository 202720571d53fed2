// Rows on their way into a product: norms, gates, rotation, quantisation. One block takes one row.

// Where a quantised row goes. Every argument of a kernel is eight bytes wide.
struct RowTarget {
    i64 *wide;     // [rows, width], scratch
    i8 *high;      // [rows, stride], zeros beyond the width
    i8 *low;       // the same; null unless the row has 16 bits
    Scale *scales; // [rows]
    i64 width;
    i64 stride;
    i64 rotated;
};

struct Amplitude {
    u64 value;
    i32 exponent;
};

const i64 LARGEST_ROTATED = 1LL << 56;

// The butterfly of elements `distance` lanes apart: the lower one keeps the sum, the upper one the
// difference.
__device__ __forceinline__ i64 butterfly(i64 own, i32 distance) {
    i64 other = __shfl_xor_sync(ALL_LANES, own, distance);
    return (lane_of_thread() & distance) != 0 ? other - own : own + other;
}

// Writes the row's elements, rotated if asked for, to `wide` and returns their largest magnitude.
//
// Rotation: a warp takes 64 elements, each lane two of them, 32 apart. Sums of 64 values below 2^56 have
// 62 bits.
template <class Element>
__device__ __forceinline__ u64 spread_row(const RowTarget &target, i64 *wide, const Element &element) {
    u64 peak = 0;
    if (target.rotated != 0) {
        for (i64 first = 64 * (i64)warp_of_thread(); first < target.width;
             first += 64 * (i64)warps_of_block()) {
            i64 column = first + lane_of_thread();
            i64 low = limit(element(column), -LARGEST_ROTATED, LARGEST_ROTATED);
            i64 high = limit(element(column + LANES), -LARGEST_ROTATED, LARGEST_ROTATED);
            i64 sum = low + high;
            high = low - high;
            low = sum;
#pragma unroll
            for (i32 distance = LANES / 2; distance > 0; distance /= 2) {
                low = butterfly(low, distance);
                high = butterfly(high, distance);
            }
            wide[column] = low;
            wide[column + LANES] = high;
            peak = larger(peak, larger(capped_magnitude(low), capped_magnitude(high)));
        }
    } else {
        for (i64 column = threadIdx.x; column < target.width; column += blockDim.x) {
            i64 u = element(column);
            wide[column] = u;
            peak = larger(peak, capped_magnitude(u));
        }
    }
    return reduce_block(peak, Largest());
}

// Quantises the row of this block to 8 or 16 bits. Its scale is left to the caller.
template <class Element>
__device__ __forceinline__ Amplitude quantise_row(const RowTarget &target, const Element &element) {
    i64 *wide = target.wide + blockIdx.x * target.width;
    u64 peak = spread_row(target, wide, element);
    Quantiser quantiser = quantiser_of_peak(peak, target.low != 0);
    i64 row = blockIdx.x * target.stride;
    for (i64 column = threadIdx.x; column < target.stride; column += blockDim.x) {
        i64 q = column < target.width ? quantise(quantiser, wide[column]) : 0;
        if (target.low != 0) {
            i64 plane = rsh(q, 7);
            target.high[row + column] = (i8)plane;
            target.low[row + column] = (i8)(q - plane * 128);
        } else {
            target.high[row + column] = (i8)q;
        }
    }
    Amplitude amplitude;
    amplitude.value = (u64)quantiser.amplitude;
    amplitude.exponent = quantiser.exponent;
    return amplitude;
}

// Root mean square of a row: root * 2^(exponent - 7).
struct RootMeanSquare {
    u64 root;
    i32 exponent;
};

// Of `width` elements that `element` gives, by all threads of a block. Squares have 48 bits and the width
// 15, so the sum has 63, and so has the radicand.
template <class Element>
__device__ __forceinline__ RootMeanSquare root_mean_square(i64 width, u64 epsilon, const Element &element) {
    u64 largest = 0;
    for (i64 column = threadIdx.x; column < width; column += blockDim.x) {
        largest = larger(largest, magnitude((i64)element(column)));
    }
    RootMeanSquare result;
    result.exponent = larger(bit_length(reduce_block(largest, Largest())) - 24, 0);
    u64 sum = 0;
    for (i64 column = threadIdx.x; column < width; column += blockDim.x) {
        u64 size = magnitude((i64)(element(column) >> result.exponent));
        sum += size * size;
    }
    sum = reduce_block(sum, Sum());
    u64 mean = sum / (u64)width + (epsilon >> (2 * result.exponent));
    result.root = larger(square_root(smaller(mean, ~0ULL >> 14) << 14), 1ULL);
    return result;
}

__device__ __forceinline__ i64 limit_gain(i32 gain) {
    return limit(gain, -LARGEST_GAIN, LARGEST_GAIN);
}

struct NormaliseArguments {
    const i32 *hidden; // [.., width], Q16
    const u32 *rows;   // which of them; null: the first, second, ...
    const i32 *gains;  // [width], Q12
    const i32 *biases; // the same; null in an RMSNorm
    i64 epsilon;       // in units of 2^-32
    RowTarget target;
};

// RMSNorm or LayerNorm of residual rows, quantised in format 44.
extern "C" __global__ void normalise(NormaliseArguments arguments) {
    RowTarget &target = arguments.target;
    i64 row = arguments.rows != 0 ? arguments.rows[blockIdx.x] : blockIdx.x;
    const i32 *hidden = arguments.hidden + row * target.width;
    const i32 *gains = arguments.gains;
    const i32 *biases = arguments.biases;
    i64 mean = 0;
    if (biases != 0) {
        i64 sum = 0;
        for (i64 column = threadIdx.x; column < target.width; column += blockDim.x) {
            sum += hidden[column];
        }
        sum = reduce_block(sum, Sum());
        mean = floor_divide(2 * sum + target.width, 2 * target.width);
    }
    auto centred = [=](i64 column) { return saturate(hidden[column] - mean); };
    auto plain = [=](i64 column) { return hidden[column]; };
    RootMeanSquare norm = biases != 0 ? root_mean_square(target.width, arguments.epsilon, centred)
                                      : root_mean_square(target.width, arguments.epsilon, plain);
    // The gain makes 53 bits; bias times root has 54, shifted by one at most.
    auto element = [=](i64 column) {
        if (biases == 0) {
            return hidden[column] * limit_gain(gains[column]);
        }
        i64 bias = rsh(limit_gain(biases[column]) * (i64)norm.root, 7 - norm.exponent);
        return centred(column) * limit_gain(gains[column]) + bias;
    };
    Amplitude amplitude = quantise_row(target, element);
    if (threadIdx.x == 0) {
        u64 value = (amplitude.value << 32) / norm.root;
        target.scales[blockIdx.x] =
            scale_of_amplitude(value, amplitude.exponent + 7 - norm.exponent);
    }
}

struct QuantiseArguments {
    const i32 *input; // [rows, width]
    RowTarget target;
};

// Quantises rows of i32, such as the output of attention.
extern "C" __global__ void quantise_rows(QuantiseArguments arguments) {
    const i32 *input = arguments.input + blockIdx.x * arguments.target.width;
    auto element = [=](i64 column) { return (i64)input[column]; };
    Amplitude amplitude = quantise_row(arguments.target, element);
    if (threadIdx.x == 0) {
        arguments.target.scales[blockIdx.x] =
            scale_of_amplitude(amplitude.value, amplitude.exponent);
    }
}

const i32 LARGEST_GATE = (1 << 26) - 1;
const i32 TABLE_EDGE = 8 << 12;

__device__ __forceinline__ i64 activate(const i32 *table, i32 value) {
    i64 x = limit(value, -LARGEST_GATE, LARGEST_GATE);
    if (x >= TABLE_EDGE) {
        return x * 16;
    }
    return x < -TABLE_EDGE ? 0 : interpolate(table, x + TABLE_EDGE);
}

struct GateArguments {
    const i32 *gate; // [rows, width], Q12; null: no gate
    const i32 *up;   // [rows, width], Q12
    i64 gelu;
    RowTarget target;
};

// activation(gate) * up in Q28 (57 bits), or activation(up) in Q16, quantised.
extern "C" __global__ void gate_rows(GateArguments arguments) {
    i64 first = blockIdx.x * arguments.target.width;
    const i32 *gate = arguments.gate != 0 ? arguments.gate + first : 0;
    const i32 *up = arguments.up + first;
    const i32 *table = arguments.gelu != 0 ? GELU : SILU;
    auto element = [=](i64 column) {
        if (gate == 0) {
            return activate(table, up[column]);
        }
        return activate(table, gate[column]) * limit(up[column], -LARGEST_GATE, LARGEST_GATE);
    };
    Amplitude amplitude = quantise_row(arguments.target, element);
    if (threadIdx.x == 0) {
        arguments.target.scales[blockIdx.x] =
            scale_of_amplitude(amplitude.value, amplitude.exponent);
    }
}
