// Reductions over a warp and over a block. Sums of integers have no order, so any tree gives the same.
// Blocks are whole warps, and all their threads take part.

__device__ __forceinline__ u32 lane_of_thread() {
    return threadIdx.x % LANES;
}

__device__ __forceinline__ u32 warp_of_thread() {
    return threadIdx.x / LANES;
}

__device__ __forceinline__ u32 warps_of_block() {
    return blockDim.x / LANES;
}

struct Sum {
    template <class T>
    __device__ __forceinline__ T operator()(T a, T b) const {
        return a + b;
    }
};

struct Largest {
    template <class T>
    __device__ __forceinline__ T operator()(T a, T b) const {
        return larger(a, b);
    }
};

template <class Combine, class T>
__device__ __forceinline__ T reduce_warp(T value, Combine combine) {
#pragma unroll
    for (i32 distance = LANES / 2; distance > 0; distance /= 2) {
        value = combine(value, __shfl_xor_sync(ALL_LANES, value, distance));
    }
    return value;
}

// Every thread gets the result. What the block wrote before is visible to all of it after.
template <class Combine, class T>
__device__ T reduce_block(T value, Combine combine) {
    __shared__ T parts[LANES];
    value = reduce_warp(value, combine);
    // Whoever still reads the parts of the reduction before has to be done.
    __syncthreads();
    if (lane_of_thread() == 0) {
        parts[warp_of_thread()] = value;
    }
    __syncthreads();
    T result = parts[0];
    for (u32 warp = 1; warp < warps_of_block(); warp++) {
        result = combine(result, parts[warp]);
    }
    return result;
}
