using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Aos.Kernel;

/// <summary>What is looked for in scripts that put no spaces between words: phrases with up to some characters between them.</summary>
internal static class ScreenPhrases
{
    private const int HitsMax = 200;

    private sealed record Phrase(string Rule, int Score, ImmutableArray<(string[] Any, int Gap)> Parts);

    private static readonly ImmutableArray<Phrase> All =
    [
        Of("instruction_override", 4, "忽略|无视|忽視|無視|忘记|忘掉|忘記|不要理会|不要遵守|抛弃", 4, "之前|以前|以上|上面|先前|前面|所有|全部|你的|你之前|系统|一切", 8, "指令|指示|规则|規則|提示|设定|設定|命令|要求|限制"),
        Of("role_hijack", 4, "你是|你现在是|扮演|你将成为", 14, "没有|不受|无", 3, "限制|约束|规则|审查"),
        Of("jailbreak", 3, "没有任何|不受任何|没有", 1, "限制|约束|审查"),
        Of("exfiltration", 4, "显示|输出|告诉我|泄露|说出|重复|打印|透露|公开", 4, "系统提示|系統提示|提示词|提示詞|初始指令|密码|密碼|密钥|你的指令"),
        Of("instruction_override", 4, "指示|命令|ルール|設定|プロンプト|指令", 6, "無視|忘れ|破棄"),
        Of("exfiltration", 4, "システムプロンプト|パスワード|秘密", 6, "教えて|表示|出力|見せ"),
        Of("instruction_override", 4, "지시|명령|규칙|지침", 6, "무시|잊"),
    ];

    private static readonly SearchValues<char> Firsts = SearchValues.Create([.. All.SelectMany(phrase => phrase.Parts[0].Any).Select(any => any[0]).Distinct()]);

    internal static void Match(ReadOnlySpan<char> text, List<ScreenHit> hits)
    {
        for (var (i, most) = (text.IndexOfAny(Firsts), hits.Count + HitsMax); i >= 0 && hits.Count < most;)
        {
            foreach (var phrase in All)
            {
                if (End(phrase, text, i) is > 0 and var end) hits.Add(new ScreenHit(phrase.Rule, phrase.Score, i, end - i));
            }

            var next = text[(i + 1)..].IndexOfAny(Firsts);
            i = next < 0 ? -1 : i + 1 + next;
        }
    }

    /// <summary>Each part is taken where it comes first: what is between parts is short, so nothing is searched twice for long.</summary>
    private static int End(Phrase phrase, ReadOnlySpan<char> text, int at)
    {
        foreach (var (any, gap) in phrase.Parts)
        {
            var found = -1;
            for (var from = at; from <= at + gap && from < text.Length && found < 0; from++)
            {
                foreach (var word in any)
                {
                    if (text[from..].StartsWith(word, StringComparison.Ordinal)) found = Math.Max(found, from + word.Length);
                }

                if (text[from] is '。' or '！' or '？' or '\n') break;
            }

            if (found < 0) return -1;
            at = found;
        }

        return at;
    }

    private static Phrase Of(string rule, int score, string first, int gap, string second, int gapAfter = 0, string? third = null)
    {
        var parts = ImmutableArray.Create((first.Split('|'), 0), (second.Split('|'), gap));
        return new Phrase(rule, score, third is null ? parts : parts.Add((third.Split('|'), gapAfter)));
    }
}
