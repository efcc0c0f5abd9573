/* Loops that read and write every value once, where numpy takes many passes.
 *
 * gelu(x) = x F(x) = max(x, 0) - a F(-a), where F is the normal distribution function and a = |x|.
 *
 * In single precision F(-a) is P(a)^-8 / 2 (Abramowitz & Stegun 1964, 7.1.28, has such a sixteenth
 * power). P of degree 9 was fitted so that the largest error of a F(-a) is least: 9e-9, and 1.4e-7
 * once every step is rounded.
 *
 * In double precision F(-a) is exp(-a^2 / 2) t G(y), where t = 1 / (1 + a / 4), y = 2 t - 1 and G is
 * smooth: its Chebyshev series, written in powers of y, is within 6e-17 of it with 22 terms. Small
 * values keep their digits, which 1 + erf(x) loses.
 *
 * The loops have no branches and no calls, so that compilers turn them into vectors.
 */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* Neither more digits on the way nor sums in another order: numpy computes instead. */
#if defined(__FAST_MATH__) || (defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0)
#error "these loops count on every step being rounded as written"
#endif

/* Processors with wider vectors run code of their own, which the loader of glibc chooses. */
#if defined(__GNUC__) && __GNUC__ >= 12 && !defined(__clang__) && defined(__x86_64__) && \
    defined(__GLIBC__)
#define FOR_EACH_PROCESSOR \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

#ifdef _MSC_VER
#define restrict __restrict
#endif

/* Where F(-a) is less than the least number. */
#define SINGLE_END 13.0f
#define DOUBLE_END 37.0

#define SINGLE_P(TERM) \
    TERM(3.654373769e-7f) TERM(-2.351309295e-6f) TERM(1.462827118e-5f) \
    TERM(-1.618206412e-6f) TERM(2.923238478e-4f) TERM(7.878936940e-4f) \
    TERM(8.706885119e-3f) TERM(4.475419842e-2f) TERM(9.973636442e-2f) TERM(1)

#define DOUBLE_G(TERM) \
    TERM(3.19308785823943e-10) TERM(1.6949424063991744e-9) TERM(-4.8924022349935121e-9) \
    TERM(-1.4181378066017801e-8) TERM(4.0557908021339176e-8) TERM(5.8782361988272197e-8) \
    TERM(-2.5674601753579824e-7) TERM(-1.500712185547757e-7) TERM(1.480723444385482e-6) \
    TERM(1.7534908055829718e-7) TERM(-8.7864005897611287e-6) TERM(-4.7578413158735944e-7) \
    TERM(5.7773784446822334e-5) TERM(3.3335809102302859e-5) TERM(-4.0770462136839643e-4) \
    TERM(-8.6992305876440889e-4) TERM(1.8850472422229047e-3) TERM(1.509914372064161e-2) \
    TERM(4.6630464489894679e-2) TERM(9.6784350185605366e-2) TERM(1.5197416049297324e-1) \
    TERM(1.8882128260393766e-1)

/* Taylor's series of exp, to be used within half the logarithm of two on either side of 0. */
#define DOUBLE_EXP(TERM) \
    TERM(1 / 6227020800.0) TERM(1 / 479001600.0) TERM(1 / 39916800.0) TERM(1 / 3628800.0) \
    TERM(1 / 362880.0) TERM(1 / 40320.0) TERM(1 / 5040.0) TERM(1 / 720.0) TERM(1 / 120.0) \
    TERM(1 / 24.0) TERM(1 / 6.0) TERM(0.5) TERM(1) TERM(1)

#define NEXT_OF_P(coefficient) p = p * a + (coefficient);
#define NEXT_OF_G(coefficient) g = g * y + (coefficient);
#define NEXT_OF_EXP(coefficient) e = e * rest + (coefficient);

/* The sum of a number and 1.5 times 2^52 ends in the integer that is nearest to the number: shifted to
 * where a number has its exponent, it is two to the power of that integer. */
#define SHIFTER 6755399441055744.0

FOR_EACH_PROCESSOR
static void gelu_of_singles(float *restrict values, Py_ssize_t n_values) {
    for (Py_ssize_t i = 0; i < n_values; i++) {
        float x = values[i], a = fabsf(x), p = 0;
        a = a < SINGLE_END ? a : SINGLE_END;
        SINGLE_P(NEXT_OF_P)
        p *= p;
        p *= p;
        p *= p;
        values[i] = (x < 0 ? 0 : x) - 0.5f * a / p;
    }
}

FOR_EACH_PROCESSOR
static void gelu_of_doubles(double *restrict values, Py_ssize_t n_values) {
    for (Py_ssize_t i = 0; i < n_values; i++) {
        double x = values[i], a = fabs(x), e = 0, g = 0;
        a = a < DOUBLE_END ? a : DOUBLE_END;
        double t = 1 / (1 + 0.25 * a), y = 2 * t - 1, exponent = -0.5 * a * a;
        DOUBLE_G(NEXT_OF_G)
        union { double number; int64_t bits; } two = {exponent * 1.4426950408889634 + SHIFTER};
        double n = two.number - SHIFTER;
        double rest = (exponent - n * 6.93147180369123816490e-1) - n * 1.90821492927058770002e-10;
        DOUBLE_EXP(NEXT_OF_EXP)
        two.bits = (int64_t)((uint64_t)(two.bits + 1023) << 52);
        values[i] = (x < 0 ? 0 : x) - a * t * g * e * two.number;
    }
}

/* Values that stay in the nearest cache between one loop and the next. */
#define CACHED_VALUES 4096

/* For each type: a bias of every unit is added, and what is below 0 is 0 if that is asked for; and the
 * same before gelu. */
#define DEFINE_ACTIVATIONS(real, add_bias, activate, gelu) \
    FOR_EACH_PROCESSOR \
    static void add_bias(real *restrict values, const real *restrict bias, Py_ssize_t n_rows, \
                         Py_ssize_t n_units, int rectifies) { \
        for (Py_ssize_t row = 0; row < n_rows; row++, values += n_units) { \
            if (rectifies) { \
                for (Py_ssize_t unit = 0; unit < n_units; unit++) { \
                    real sum = values[unit] + bias[unit]; \
                    values[unit] = sum < 0 ? 0 : sum; \
                } \
            } else { \
                for (Py_ssize_t unit = 0; unit < n_units; unit++) { \
                    values[unit] += bias[unit]; \
                } \
            } \
        } \
    } \
    static void activate(real *values, const real *bias, Py_ssize_t n_rows, Py_ssize_t n_units) { \
        Py_ssize_t step = CACHED_VALUES / (n_units > 0 ? n_units : 1) + 1; \
        for (Py_ssize_t start = 0; start < n_rows; start += step) { \
            Py_ssize_t n_more = start + step < n_rows ? step : n_rows - start; \
            add_bias(values + start * n_units, bias, n_more, n_units, 0); \
            gelu(values + start * n_units, n_more * n_units); \
        } \
    }

DEFINE_ACTIVATIONS(float, add_bias_to_singles, activate_singles, gelu_of_singles)
DEFINE_ACTIVATIONS(double, add_bias_to_doubles, activate_doubles, gelu_of_doubles)

FOR_EACH_PROCESSOR
static void centre(const float *restrict rows, const double *restrict mean, double factor,
                   float *restrict centred, Py_ssize_t n_rows, Py_ssize_t n_features) {
    for (Py_ssize_t row = 0; row < n_rows; row++, rows += n_features, centred += n_features) {
        for (Py_ssize_t feature = 0; feature < n_features; feature++) {
            centred[feature] = (float)(((double)rows[feature] - mean[feature]) * factor);
        }
    }
}

/* The type of an array's values, as letters of the module struct; types that name the order of bytes of
 * this machine, as some files do, are those that name none. */
static char type_of(const Py_buffer *buffer) {
    const char *format = buffer->format;
    format += format[0] == (PY_LITTLE_ENDIAN ? '<' : '>');
    return format[0] != '\0' && format[1] == '\0' ? format[0] : '?';
}

/* A contiguous array of float32 ("f") or float64 ("d"), and of as many values as are expected where
 * that is known (0 or more); -1 with an exception set where it is none. */
static int look_into(PyObject *array, Py_buffer *buffer, int flags, const char *types,
                     Py_ssize_t n_values) {
    if (PyObject_GetBuffer(array, buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) < 0) {
        return -1;
    }
    if (strchr(types, type_of(buffer)) == NULL) {
        PyErr_Format(PyExc_TypeError, "values of format %s, where %s is expected", buffer->format,
                     types);
    } else if (buffer->len > 0 && (uintptr_t)buffer->buf % buffer->itemsize != 0) {
        PyErr_SetString(PyExc_ValueError, "values begin between two places of memory");
    } else if (n_values >= 0 && buffer->len != n_values * buffer->itemsize) {
        PyErr_Format(PyExc_ValueError, "%zd bytes, where %zd values are expected", buffer->len,
                     n_values);
    } else {
        return 0;
    }
    PyBuffer_Release(buffer);
    return -1;
}

/* The values to be overwritten, and the bias of each of their units if there is any. */
typedef struct {
    Py_buffer values, bias;
    int has_bias, is_single;
    Py_ssize_t n_rows, n_units;
} Units;

static void release(Units *units) {
    if (units->has_bias) {
        PyBuffer_Release(&units->bias);
    }
    PyBuffer_Release(&units->values);
}

static int look_into_units(PyObject *array, PyObject *bias, Units *units) {
    if (look_into(array, &units->values, PyBUF_WRITABLE, "fd", -1) < 0) {
        return -1;
    }
    Py_buffer *values = &units->values;
    units->is_single = type_of(values) == 'f';
    units->n_units = values->ndim > 0 ? values->shape[values->ndim - 1] : 1;
    units->n_rows = units->n_units > 0 ? values->len / values->itemsize / units->n_units : 0;
    units->has_bias = 0;
    if (bias != NULL) {
        if (look_into(bias, &units->bias, 0, units->is_single ? "f" : "d", units->n_units) < 0) {
            release(units);
            return -1;
        }
        units->has_bias = 1;
    }
    return 0;
}

static PyObject *gelu_in_place(PyObject *module, PyObject *arguments) {
    PyObject *array, *bias = NULL;
    Units units;
    if (!PyArg_ParseTuple(arguments, "O|O:gelu_in_place", &array, &bias) ||
        look_into_units(array, bias, &units) < 0) {
        return NULL;
    }
    void *values = units.values.buf;
    Py_BEGIN_ALLOW_THREADS
    if (units.has_bias && units.is_single) {
        activate_singles(values, units.bias.buf, units.n_rows, units.n_units);
    } else if (units.has_bias) {
        activate_doubles(values, units.bias.buf, units.n_rows, units.n_units);
    } else if (units.is_single) {
        gelu_of_singles(values, units.n_rows * units.n_units);
    } else {
        gelu_of_doubles(values, units.n_rows * units.n_units);
    }
    Py_END_ALLOW_THREADS
    release(&units);
    Py_RETURN_NONE;
}

static PyObject *add_bias(PyObject *module, PyObject *arguments) {
    PyObject *array, *bias;
    int rectifies;
    Units units;
    if (!PyArg_ParseTuple(arguments, "OOp:add_bias", &array, &bias, &rectifies) ||
        look_into_units(array, bias, &units) < 0) {
        return NULL;
    }
    void *values = units.values.buf;
    Py_BEGIN_ALLOW_THREADS
    if (units.is_single) {
        add_bias_to_singles(values, units.bias.buf, units.n_rows, units.n_units, rectifies);
    } else {
        add_bias_to_doubles(values, units.bias.buf, units.n_rows, units.n_units, rectifies);
    }
    Py_END_ALLOW_THREADS
    release(&units);
    Py_RETURN_NONE;
}

static PyObject *centre_singles(PyObject *module, PyObject *arguments) {
    PyObject *arrays[3];
    double factor;
    Py_buffer rows, mean, centred;
    if (!PyArg_ParseTuple(arguments, "OOdO:centre_singles", &arrays[0], &arrays[1], &factor,
                          &arrays[2])) {
        return NULL;
    }
    if (look_into(arrays[0], &rows, 0, "f", -1) < 0) {
        return NULL;
    }
    Py_ssize_t n_features = rows.ndim > 0 ? rows.shape[rows.ndim - 1] : 1;
    Py_ssize_t n_values = rows.len / rows.itemsize;
    if (look_into(arrays[1], &mean, 0, "d", n_features) < 0) {
        PyBuffer_Release(&rows);
        return NULL;
    }
    if (look_into(arrays[2], &centred, PyBUF_WRITABLE, "f", n_values) < 0) {
        PyBuffer_Release(&mean);
        PyBuffer_Release(&rows);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    if (n_values > 0) {
        centre(rows.buf, mean.buf, factor, centred.buf, n_values / n_features, n_features);
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&centred);
    PyBuffer_Release(&mean);
    PyBuffer_Release(&rows);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"gelu_in_place", gelu_in_place, METH_VARARGS,
     "Overwrite contiguous values, after a bias of each unit if given, by their gelu."},
    {"add_bias", add_bias, METH_VARARGS,
     "Add a bias of each unit to contiguous values, and set what is below 0 to 0 if asked for."},
    {"centre_singles", centre_singles, METH_VARARGS,
     "Write (rows - mean) * factor, computed in float64, into another array of float32."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_kernels",
    .m_doc = "Compiled loops over values.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModuleDef_Init(&definition); }
