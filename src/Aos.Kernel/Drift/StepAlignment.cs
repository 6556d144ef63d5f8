namespace Aos.Kernel;

/// <summary>
/// Which steps of two executions belong together. As many on both sides: each with that at its place. Else the longest common subsequence of
/// their skills (Wagner and Fischer, 1974), so that one step more does not make all after it differ.
/// </summary>
internal static class StepAlignment
{
    /// <summary>Cells of the table; executions that need more are compared place by place.</summary>
    private const long CellsMax = 4_000_000;

    internal static IEnumerable<(int Left, int Right)> Of(string[] left, string[] right)
    {
        if (left.Length == right.Length || (long)left.Length * right.Length > CellsMax)
            return Enumerable.Range(0, Math.Min(left.Length, right.Length)).Select(static i => (i, i));
        return Walk(left, right, Lengths(left, right));
    }

    /// <summary>Of the common subsequence from each pair of places on.</summary>
    private static int[,] Lengths(string[] left, string[] right)
    {
        var lengths = new int[left.Length + 1, right.Length + 1];
        for (var i = left.Length - 1; i >= 0; i--)
        {
            for (var j = right.Length - 1; j >= 0; j--)
                lengths[i, j] = left[i] == right[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
        }

        return lengths;
    }

    private static IEnumerable<(int Left, int Right)> Walk(string[] left, string[] right, int[,] lengths)
    {
        var (i, j) = (0, 0);
        while (i < left.Length && j < right.Length)
        {
            if (left[i] == right[j]) yield return (i++, j++);
            else if (lengths[i + 1, j] >= lengths[i, j + 1]) i++;
            else j++;
        }
    }
}
