// Seams until the real types land: whoever lands one deletes its line here (and the file with the last one).
using System.Text.Json;
namespace Aos.Kernel;
public interface IScope { JsonElement? Resolve(string root); JsonElement? Step(string id, string member); DateTimeOffset Now { get; } Guid NextUuid(); }
public sealed record TemplateResult(JsonElement? Value, Failure? Failure);
public static class Template { public static TemplateResult Evaluate(JsonElement t, IScope s) => new(t, null); }
public static class Expression { public static TemplateResult Evaluate(string t, IScope s) => new(null, null); }
public static class Backoff { public static TimeSpan Delay(RetryClause c, int a, ulong s) => c.Backoff; }
public static class Seeds { public static ulong Step(ulong b, int i) => b; }
public static class EffectKey { public static string Of(RunId r, EffectId e) => ""; }
public static class ContentHash { public static string Short(JsonElement e) => ""; }
public static class RootHash { public static string Of(RunState s) => ""; }
