namespace Aos.Kernel;

/// <summary>Probabilities that judge what was measured.</summary>
internal static class Distributions
{
    /// <summary>How probable a split at least so uneven is when both sides are equally likely; 0 to 1. Ties are left out beforehand.</summary>
    internal static double SignTest(int above, int below)
    {
        var (n, few) = (above + below, Math.Min(above, below));
        if (n == 0) return 1;
        // In logarithms: 2 to the power of −n is no double any more from n = 1075 on.
        var (term, sum) = (-n * Math.Log(2), 0d);
        for (var k = 0; k <= few; k++)
        {
            sum += Math.Exp(term);
            term += Math.Log((double)(n - k) / (k + 1));
        }

        return Math.Min(2 * sum, 1);
    }

    /// <summary>How probable a value of Student's t at least so far from 0 is, on either side.</summary>
    /// <param name="freedom">Degrees of freedom, from 1.</param>
    internal static double StudentTails(double t, int freedom) => double.IsInfinity(t) ? 0 : Beta(freedom / 2d, 0.5, freedom / (freedom + (t * t)));

    /// <summary>The value of t that so much probability lies beyond, on both sides together.</summary>
    internal static double StudentLimit(double tails, int freedom)
    {
        var (low, high) = (0d, 1_000_000d);
        for (var i = 0; i < 100; i++)
        {
            var middle = (low + high) / 2;
            if (StudentTails(middle, freedom) > tails) low = middle;
            else high = middle;
        }

        return high;
    }

    /// <summary>The regularised incomplete beta function, by its continued fraction (Lentz).</summary>
    private static double Beta(double a, double b, double x)
    {
        if (x <= 0) return 0;
        if (x >= 1) return 1;
        var front = Math.Exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + (a * Math.Log(x)) + (b * Math.Log(1 - x)));
        return x < (a + 1) / (a + b + 2) ? front * Fraction(a, b, x) / a : 1 - (front * Fraction(b, a, 1 - x) / b);
    }

    private static double Fraction(double a, double b, double x)
    {
        const double Tiny = 1e-300;
        var (c, d) = (1d, 1 / Off(1 - ((a + b) * x / (a + 1)), Tiny));
        var value = d;
        for (var m = 1; m <= 300; m++)
        {
            var even = m * (b - m) * x / ((a + (2 * m) - 1) * (a + (2 * m)));
            (c, d) = (Off(1 + (even / c), Tiny), 1 / Off(1 + (even * d), Tiny));
            value *= c * d;
            var odd = -(a + m) * (a + b + m) * x / ((a + (2 * m)) * (a + (2 * m) + 1));
            (c, d) = (Off(1 + (odd / c), Tiny), 1 / Off(1 + (odd * d), Tiny));
            value *= c * d;
            if (Math.Abs((c * d) - 1) < 1e-14) break;
        }

        return value;
    }

    private static double Off(double value, double tiny) => Math.Abs(value) < tiny ? tiny : value;

    /// <summary>Of a multiple of one half, from 0.5: exact steps down to 0.5 or 1.</summary>
    private static double LogGamma(double x)
    {
        var sum = 0d;
        for (; x > 1; x--) sum += Math.Log(x - 1);
        return sum + (x == 1 ? 0 : Math.Log(Math.PI) / 2);
    }
}
