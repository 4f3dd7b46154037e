/* The lower bound of the benchmark: the paper's experiment for one network in plain C.
 *
 *     gcc -O3 -march=native -ffast-math -funroll-loops -o floor scripts/floor.c -lm && ./floor PROBLEM
 *
 * PROBLEM is a file that regnet/bench/floor.py writes. Each line of standard input is a number of epochs to train; the output
 * is a line with seconds, processor seconds, and the loss on the training set.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Hidden layers are stored with PAD features instead of HIDDEN, a whole number of vector registers. The additional weights are
 * zero and stay zero, since their outputs and gradients are zero. */
enum { INPUTS = 2, HIDDEN = 25, PAD = 32, OUTPUTS = 2, BATCH = 10 };

#define INLINE static inline __attribute__((always_inline))
/* Functions with arrays of variable size are not inlined, since the arrays would live until the outer function returns. */
#define KEEP static __attribute__((noinline))

typedef struct {
    float w1[INPUTS * PAD], b1[PAD], w2[PAD * PAD], b2[PAD], w3[PAD * PAD], b3[PAD], w4[PAD * OUTPUTS], b4[OUTPUTS];
} Network;

typedef struct {
    float y1[BATCH * PAD], y2[BATCH * PAD], y3[BATCH * PAD], y4[BATCH * OUTPUTS];
} Outputs;

static Network net;
static Outputs out, slope; /* `slope`: the loss's gradient with respect to `out` */

/* y = x W + b */
INLINE void affine(int n, int m, const float *restrict x, const float *restrict w, const float *restrict b, float *restrict y) {
    for (int row = 0; row < BATCH; row++) {
        float sum[m];
        for (int j = 0; j < m; j++) sum[j] = b[j];
        for (int i = 0; i < n; i++)
            for (int j = 0; j < m; j++) sum[j] += x[row * n + i] * w[i * m + j];
        for (int j = 0; j < m; j++) y[row * m + j] = sum[j];
    }
}

/* y = max(y, 0) */
INLINE void relu(float *y) {
    for (int i = 0; i < BATCH * PAD; i++) y[i] = y[i] > 0 ? y[i] : 0;
}

/* dx = dy Wᵀ where x > 0, else 0: the gradient of the affine map and of the ReLU before it */
INLINE void back(int n, int m, const float *restrict dy, const float *restrict w, const float *restrict x, float *restrict dx) {
    float transposed[m * n];
    for (int j = 0; j < m; j++)
        for (int i = 0; i < n; i++) transposed[j * n + i] = w[i * m + j];
    for (int row = 0; row < BATCH; row++) {
        float sum[n];
        for (int i = 0; i < n; i++) sum[i] = 0;
        for (int j = 0; j < m; j++)
            for (int i = 0; i < n; i++) sum[i] += dy[row * m + j] * transposed[j * n + i];
        for (int i = 0; i < n; i++) dx[row * n + i] = x[row * n + i] > 0 ? sum[i] : 0;
    }
}

/* W -= rate xᵀ dy, b -= rate Σ dy */
INLINE void descend(int n, int m, float rate, const float *restrict x, const float *restrict dy, float *restrict w, float *restrict b) {
    float sum[m];
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < m; j++) sum[j] = 0;
        for (int row = 0; row < BATCH; row++)
            for (int j = 0; j < m; j++) sum[j] += x[row * n + i] * dy[row * m + j];
        for (int j = 0; j < m; j++) w[i * m + j] -= rate * sum[j];
    }
    for (int j = 0; j < m; j++) sum[j] = 0;
    for (int row = 0; row < BATCH; row++)
        for (int j = 0; j < m; j++) sum[j] += dy[row * m + j];
    for (int j = 0; j < m; j++) b[j] -= rate * sum[j];
}

KEEP void forward(const float *x) {
    affine(INPUTS, PAD, x, net.w1, net.b1, out.y1), relu(out.y1);
    affine(PAD, PAD, out.y1, net.w2, net.b2, out.y2), relu(out.y2);
    affine(PAD, PAD, out.y2, net.w3, net.b3, out.y3), relu(out.y3);
    affine(PAD, OUTPUTS, out.y3, net.w4, net.b4, out.y4);
    for (int i = 0; i < BATCH * OUTPUTS; i++) out.y4[i] = tanhf(out.y4[i]);
}

/* One step of gradient descent on the square error, summed over the outputs and averaged over the batch. */
KEEP void step(const float *x, const float *target, float rate) {
    forward(x);
    for (int i = 0; i < BATCH * OUTPUTS; i++)
        slope.y4[i] = 2.0f / BATCH * (out.y4[i] - target[i]) * (1 - out.y4[i] * out.y4[i]);
    back(PAD, OUTPUTS, slope.y4, net.w4, out.y3, slope.y3), descend(PAD, OUTPUTS, rate, out.y3, slope.y4, net.w4, net.b4);
    back(PAD, PAD, slope.y3, net.w3, out.y2, slope.y2), descend(PAD, PAD, rate, out.y2, slope.y3, net.w3, net.b3);
    back(PAD, PAD, slope.y2, net.w2, out.y1, slope.y1), descend(PAD, PAD, rate, out.y1, slope.y2, net.w2, net.b2);
    descend(INPUTS, PAD, rate, x, slope.y1, net.w1, net.b1);
}

static double loss(const float *x, const float *target, int steps) {
    double sum = 0;
    for (int s = 0; s < steps; s++) {
        forward(x + s * BATCH * INPUTS);
        for (int i = 0; i < BATCH * OUTPUTS; i++) sum += pow(out.y4[i] - target[s * BATCH * OUTPUTS + i], 2);
    }
    return sum / (steps * BATCH);
}

static void fail(const char *why) {
    fprintf(stderr, "floor: %s\n", why);
    exit(1);
}

static void read_numbers(FILE *file, void *to, size_t count) { /* all are four bytes long */
    if (fread(to, 4, count, file) != count) fail("the problem ends too early");
}

/* A weight (n, m) into rows of `width` numbers. */
static void read_rows(FILE *file, float *to, int n, int m, int width) {
    for (int i = 0; i < n; i++) read_numbers(file, to + i * width, m);
}

static float *read_batches(FILE *file, int steps, int features) {
    size_t count = (size_t)steps * BATCH * features;
    float *numbers = malloc(4 * count);
    if (!numbers) fail("out of memory");
    read_numbers(file, numbers, count);
    return numbers;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int count, char **words) {
    FILE *file = count == 2 ? fopen(words[1], "rb") : NULL;
    if (!file) fail("expected a file that holds a problem");
    int sizes[7]; /* steps, batch, and the numbers of input and output features of the four layers */
    read_numbers(file, sizes, 7);
    const int expected[7] = {sizes[0], BATCH, INPUTS, HIDDEN, HIDDEN, HIDDEN, OUTPUTS};
    for (int i = 0; i < 7; i++)
        if (sizes[i] != expected[i]) fail("made for the paper's network and batches: 2-25-25-25-2, 10 examples");
    const int steps = sizes[0];
    float rate;
    read_numbers(file, &rate, 1);
    read_rows(file, net.w1, INPUTS, HIDDEN, PAD), read_numbers(file, net.b1, HIDDEN);
    read_rows(file, net.w2, HIDDEN, HIDDEN, PAD), read_numbers(file, net.b2, HIDDEN);
    read_rows(file, net.w3, HIDDEN, HIDDEN, PAD), read_numbers(file, net.b3, HIDDEN);
    read_rows(file, net.w4, HIDDEN, OUTPUTS, OUTPUTS), read_numbers(file, net.b4, OUTPUTS);
    float *x = read_batches(file, steps, INPUTS), *target = read_batches(file, steps, OUTPUTS);

    for (int epochs; scanf("%d", &epochs) == 1;) {
        const double start = seconds(CLOCK_MONOTONIC), start_of_processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
        for (int e = 0; e < epochs; e++)
            for (int s = 0; s < steps; s++) step(x + s * BATCH * INPUTS, target + s * BATCH * OUTPUTS, rate);
        const double wall = seconds(CLOCK_MONOTONIC) - start, processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - start_of_processor;
        printf("%.9f %.9f %.9g\n", wall, processor, loss(x, target, steps));
        fflush(stdout);
    }
    return 0;
}
