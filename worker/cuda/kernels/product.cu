// Products of int8 rows with int8 matrices, with their requantisation, biases and residual addition.
//
// Neither operand holds -128 and a row has at most 133,144 columns, so a sum of products stays below 2^31
// in any order, and so does each plane of a 16-bit row.

struct ProductArguments {
    const i8 *high;         // [rows, stride]
    const i8 *low;          // the same; null unless rows have 16 bits
    const Scale *scales;    // [rows]
    const i8 *weights;      // [channels, stride]
    const u16 *multipliers; // [channels]
    const i32 *biases;      // [channels]; null: none
    i32 *output;            // [rows, channels]
    i64 rows;
    i64 channels;
    i64 stride; // a multiple of 16; zeros beyond the width
    i64 shift;  // S + f_in - f_out
    i64 adds;   // whether the result is added to the output: the residual stream
};

// At most 31 + 16 + 15 bits before the shift; of 16-bit rows 39 + 16, and 39 + 15.
__device__ __forceinline__ i32 requantise(const ProductArguments &arguments, i32 high, i32 low, i64 row,
                                          i64 channel) {
    Scale scale = arguments.scales[row];
    i64 multiplier = smaller((i32)arguments.multipliers[channel], 1 << 15);
    i32 shift = (i32)arguments.shift - scale.exponent;
    if (arguments.low == 0) {
        return saturate(rsh((i64)high * (i64)scale.mantissa * multiplier, shift));
    }
    i64 sum = (i64)high * 128 + low;
    i64 scaled = rsh(sum * (i64)scale.mantissa, 16);
    return saturate(rsh(scaled * multiplier, shift + 7 - 16));
}

__device__ __forceinline__ void finish_product(const ProductArguments &arguments, i32 high, i32 low,
                                               i64 row, i64 channel) {
    i64 result = requantise(arguments, high, low, row, channel);
    if (arguments.biases != 0) {
        result = saturate(result + arguments.biases[channel]);
    }
    i32 *slot = arguments.output + row * arguments.channels + channel;
    if (arguments.adds != 0) {
        result = saturate(result + *slot);
    }
    *slot = (i32)result;
}

// A warp makes one channel of ROWS rows: the weights are read once, 512 bytes at a time. For few rows,
// where reading weights takes the time. Grid: channels / warps, rows / ROWS.
template <i32 ROWS>
__device__ __forceinline__ void product_of_few(const ProductArguments &arguments) {
    i64 channel = (i64)blockIdx.x * warps_of_block() + warp_of_thread();
    if (channel >= arguments.channels) {
        return;
    }
    i64 first = (i64)blockIdx.y * ROWS;
    const i8 *weights = arguments.weights + channel * arguments.stride;
    i32 high[ROWS] = {};
    i32 low[ROWS] = {};
#pragma unroll 2
    for (i64 column = 16 * lane_of_thread(); column < arguments.stride; column += 16 * LANES) {
        Sixteen weight = read_sixteen(weights + column);
#pragma unroll
        for (i32 each = 0; each < ROWS; each++) {
            // Rows beyond the last are computed as it and not written.
            i64 row = smaller(first + each, arguments.rows - 1) * arguments.stride + column;
            high[each] = add_products(high[each], read_sixteen(arguments.high + row), weight);
            if (arguments.low != 0) {
                low[each] = add_products(low[each], read_sixteen(arguments.low + row), weight);
            }
        }
    }
#pragma unroll
    for (i32 each = 0; each < ROWS; each++) {
        i32 high_sum = reduce_warp(high[each], Sum());
        i32 low_sum = arguments.low != 0 ? reduce_warp(low[each], Sum()) : 0;
        if (lane_of_thread() == each && first + each < arguments.rows) {
            finish_product(arguments, high_sum, low_sum, first + each, channel);
        }
    }
}

extern "C" __global__ void product_1(ProductArguments arguments) {
    product_of_few<1>(arguments);
}

extern "C" __global__ void product_2(ProductArguments arguments) {
    product_of_few<2>(arguments);
}

extern "C" __global__ void product_4(ProductArguments arguments) {
    product_of_few<4>(arguments);
}

extern "C" __global__ void product_8(ProductArguments arguments) {
    product_of_few<8>(arguments);
}

#define STEP_WORDS 16

// Copies `SIDE` rows of 64 bytes into a tile; what lies beyond the matrix is zero. A row of a tile is a
// word longer than its data, so that threads beside each other read different banks.
template <i32 SIDE>
__device__ __forceinline__ void load_tile(i32 (&tile)[SIDE][STEP_WORDS + 1], const i8 *matrix, i64 first,
                                          i64 rows, i64 column, i64 stride) {
    for (i32 index = threadIdx.x; index < SIDE * STEP_WORDS / 4; index += blockDim.x) {
        i32 row = index / (STEP_WORDS / 4);
        i32 word = index % (STEP_WORDS / 4) * 4;
        Sixteen read = {};
        if (first + row < rows && column + 4 * word < stride) {
            read = read_sixteen(matrix + (first + row) * stride + column + 4 * word);
        }
        for (i32 part = 0; part < 4; part++) {
            tile[row][word + part] = read.words[part];
        }
    }
}

// Adds the products of one plane of the rows to the sums of a tile.
template <i32 EACH>
__device__ __forceinline__ void add_plane(const ProductArguments &arguments, const i8 *plane,
                                          i32 (&sums)[EACH][EACH]) {
    const i32 SIDE = 16 * EACH;
    __shared__ i32 rows[SIDE][STEP_WORDS + 1];
    __shared__ i32 channels[SIDE][STEP_WORDS + 1];
    i32 across = threadIdx.x % 16;
    i32 down = threadIdx.x / 16;
    for (i64 column = 0; column < arguments.stride; column += 4 * STEP_WORDS) {
        // The tiles of the step before, or of the other plane, have been read.
        __syncthreads();
        load_tile<SIDE>(rows, plane, (i64)blockIdx.y * SIDE, arguments.rows, column, arguments.stride);
        load_tile<SIDE>(channels, arguments.weights, (i64)blockIdx.x * SIDE, arguments.channels, column,
                        arguments.stride);
        __syncthreads();
#pragma unroll 4
        for (i32 word = 0; word < STEP_WORDS; word++) {
            i32 weight[EACH];
#pragma unroll
            for (i32 j = 0; j < EACH; j++) {
                weight[j] = channels[across + 16 * j][word];
            }
#pragma unroll
            for (i32 i = 0; i < EACH; i++) {
                i32 element = rows[down + 16 * i][word];
#pragma unroll
                for (i32 j = 0; j < EACH; j++) {
                    sums[i][j] = __dp4a(element, weight[j], sums[i][j]);
                }
            }
        }
    }
}

// A block of 256 threads makes a tile of 16 * EACH rows and as many channels, each thread EACH * EACH of
// them. Grid: channels / side, rows / side.
template <i32 EACH>
__device__ __forceinline__ void product_of_tile(const ProductArguments &arguments) {
    i32 high[EACH][EACH] = {};
    i32 low[EACH][EACH] = {};
    add_plane<EACH>(arguments, arguments.high, high);
    if (arguments.low != 0) {
        add_plane<EACH>(arguments, arguments.low, low);
    }
#pragma unroll
    for (i32 i = 0; i < EACH; i++) {
#pragma unroll
        for (i32 j = 0; j < EACH; j++) {
            i64 row = (i64)blockIdx.y * 16 * EACH + threadIdx.x / 16 + 16 * i;
            i64 channel = (i64)blockIdx.x * 16 * EACH + threadIdx.x % 16 + 16 * j;
            if (row < arguments.rows && channel < arguments.channels) {
                finish_product(arguments, high[i][j], low[i][j], row, channel);
            }
        }
    }
}

extern "C" __global__ void __launch_bounds__(256) product_tile_32(ProductArguments arguments) {
    product_of_tile<2>(arguments);
}

extern "C" __global__ void __launch_bounds__(256) product_tile_64(ProductArguments arguments) {
    product_of_tile<4>(arguments);
}
