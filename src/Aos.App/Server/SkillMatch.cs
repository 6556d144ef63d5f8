using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Aos.Contracts;

namespace Aos.App.Server;

/// <summary>
/// Which skills fit a goal: words of the goal found in a skill's name count 4, in its tags 3, in its description 1; a word also
/// matches one that begins with the same four letters (fetch, fetches). Equal scores are ordered by a hash of seed and name, so
/// the order is the same on every machine and favours no letter of the alphabet.
/// </summary>
internal static class SkillMatch
{
    internal const int Max = 5;

    /// <summary>Words that say nothing about what a goal needs.</summary>
    private static readonly HashSet<string> Empty = new(StringComparer.Ordinal)
    {
        "a", "an", "and", "by", "for", "from", "in", "into", "is", "it", "of", "on", "or", "the", "then", "to", "with",
    };

    /// <summary>(Sum of the goal's UTF-16 units) mod 997: the seed clients of this query know.</summary>
    internal static int Seed(string goal) => (int)(goal.Sum(c => (long)c) % 997);

    /// <summary>The best skills first, at most <see cref="Max"/>, each with its score.</summary>
    internal static IReadOnlyList<(string Name, int Score)> Rank(IEnumerable<SkillDescription> skills, string goal)
    {
        var words = Words(goal);
        var seed = Seed(goal);
        return
        [
            .. skills
                .Select(skill => (skill.Contract.Name, Score: Score(skill.Contract, words)))
                .OrderByDescending(found => found.Score)
                .ThenBy(found => Tie(seed, found.Name), StringComparer.Ordinal)
                .Take(Max),
        ];
    }

    private static int Score(SkillContract contract, HashSet<string> words)
    {
        var name = Words(contract.Name);
        var tags = Words(string.Join(' ', contract.Tags));
        var description = Words(contract.Description);
        return words.Sum(word => (Has(name, word) ? 4 : 0) + (Has(tags, word) ? 3 : 0) + (Has(description, word) ? 1 : 0));
    }

    private static bool Has(HashSet<string> known, string word) =>
        known.Contains(word) || (word.Length >= 4 && known.Any(other => other.Length >= 4 && other.AsSpan(0, 4).SequenceEqual(word.AsSpan(0, 4))));

    private static string Tie(int seed, string name) =>
        Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(seed.ToString(CultureInfo.InvariantCulture) + ":" + name)));

    private static HashSet<string> Words(string text)
    {
        var words = new HashSet<string>(StringComparer.Ordinal);
        var word = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, 10_000)))
        {
            if (char.IsLetterOrDigit(c)) word.Append(char.ToLowerInvariant(c));
            else Take();
        }

        Take();
        return words;

        void Take()
        {
            if (word.Length > 0 && !Empty.Contains(word.ToString())) words.Add(word.ToString());
            word.Clear();
        }
    }
}
