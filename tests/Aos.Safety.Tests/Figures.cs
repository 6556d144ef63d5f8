using System.Globalization;
using System.Text;

namespace Aos.Safety.Tests;

/// <summary>How many were found and how many should have been.</summary>
internal readonly record struct Counted(int Found, int Missed, int Wrong)
{
    internal double Precision => Found + Wrong == 0 ? 1 : (double)Found / (Found + Wrong);

    internal double Recall => Found + Missed == 0 ? 1 : (double)Found / (Found + Missed);

    public static Counted operator +(Counted left, Counted right) => new(left.Found + right.Found, left.Missed + right.Missed, left.Wrong + right.Wrong);
}

/// <summary>What the labelled texts say of the screen and of the redaction.</summary>
internal static class Figures
{
    internal static Counted Injections(string half, ScreenVerdict from)
    {
        var counted = default(Counted);
        foreach (var one in Labelled.Injections(half))
        {
            var found = InjectionScreen.Screen(one.Text).Verdict >= from;
            counted += new Counted(found && one.Hostile ? 1 : 0, !found && one.Hostile ? 1 : 0, found && !one.Hostile ? 1 : 0);
        }

        return counted;
    }

    internal static Counted Secrets(string half, Func<string, bool>? kinds = null) =>
        Labelled.Secrets(half).Aggregate(default(Counted), (sum, one) => sum + Count(one, kinds ?? (_ => true)));

    /// <summary>A labelled place is found when all of it is hidden; what is hidden and touches no labelled place is wrong.</summary>
    internal static Counted Count(LabelledSecrets one, Func<string, bool> kinds)
    {
        var spans = SecretTexts.Find(one.Text);
        var (found, missed) = (0, 0);
        foreach (var (kind, start, length) in one.Spans.Where(span => kinds(span.Kind)))
        {
            if (Enumerable.Range(start, length).All(at => spans.Any(span => span.Start <= at && at < span.Start + span.Length) || char.IsWhiteSpace(one.Text[at]) || one.Text[at] == '"')) found++;
            else missed++;
        }

        var wrong = spans.Count(span => kinds(span.Kind) && !one.Spans.Any(label => label.Start < span.Start + span.Length && span.Start < label.Start + label.Length));
        return new Counted(found, missed, wrong);
    }

    internal static bool IsPersonal(string kind) => kind is "email" or "card" or "iban" or "ssn" or "phone";

    /// <summary>As it stands in docs/safety.md.</summary>
    internal static string Table()
    {
        var table = new StringBuilder("| what | half | texts | found | missed | wrong | precision | recall |\n|---|---|---|---|---|---|---|---|\n");
        foreach (var half in new[] { Labelled.Development, Labelled.HeldOut })
        {
            var texts = Labelled.Injections(half);
            var count = $"{texts.Count(one => one.Hostile)} hostile, {texts.Count(one => !one.Hostile)} harmless";
            Row("injection: suspicious or hostile", half, count, Injections(half, ScreenVerdict.Suspicious));
            Row("injection: hostile", half, count, Injections(half, ScreenVerdict.Hostile));
            var secrets = Labelled.Secrets(half);
            Row("secrets", half, $"{secrets.Count}", Secrets(half, kind => !IsPersonal(kind)));
            Row("what is a person's", half, $"{secrets.Count}", Secrets(half, IsPersonal));
        }

        return table.ToString();

        void Row(string what, string half, string texts, Counted counted) => table.Append(
            CultureInfo.InvariantCulture, $"| {what} | {half} | {texts} | {counted.Found} | {counted.Missed} | {counted.Wrong} | {counted.Precision:0.000} | {counted.Recall:0.000} |\n");
    }
}
