using System.Collections.Immutable;
using System.Text.Json;
using Aos.Contracts;
using Aos.Kernel;

namespace Aos.Identity;

/// <summary>Reads a policy and refuses whatever it could be misunderstood by.</summary>
internal static class PolicyReader
{
    /// <summary>Bytes of a policy file.</summary>
    internal const int BytesMax = 1024 * 1024;

    /// <summary>Roles of a policy.</summary>
    private const int RolesMax = 1_000;

    private static readonly Lazy<RbacPolicy> Shipped = new(() =>
    {
        using var stream = typeof(PolicyReader).Assembly.GetManifestResourceStream("rbac_policies.json")!;
        var (policy, problem) = Read(JsonElement.Parse(new BinaryReader(stream).ReadBytes((int)stream.Length)), "built-in");
        return policy ?? throw new InvariantBrokenException($"The built-in policy: {problem}");
    });

    /// <summary>The policy in force where none was given.</summary>
    internal static RbacPolicy BuiltIn => Shipped.Value;

    /// <summary>The policy, or what is wrong with it and where.</summary>
    /// <param name="isStored">True: it was checked when it came; resources and actions that only a newer build knows are left out.</param>
    internal static (RbacPolicy? Policy, string? Problem) Read(JsonElement document, string source, bool isStored = false)
    {
        if (document.ValueKind != JsonValueKind.Object) return (null, "a policy is an object with version and matrix");
        var version = document.GetText("version");
        if (version is not { Length: > 0 and <= 64 }) return (null, "version: a text of 1 to 64 characters");
        if (document.Get("matrix") is not { ValueKind: JsonValueKind.Object } table) return (null, "matrix: an object of roles");
        var matrix = ImmutableSortedDictionary.CreateBuilder<string, IReadOnlyDictionary<string, IReadOnlyList<string>>>(StringComparer.Ordinal);
        foreach (var role in table.EnumerateObject())
        {
            if (!IsName(role.Name)) return (null, $"matrix.{Short(role.Name)}: a role is named by 1 to 64 letters, digits, _ - : and points");
            var (rows, problem) = Rows(role.Value, $"matrix.{role.Name}", isStored);
            if (rows is null) return (null, problem);
            matrix.Add(role.Name, rows);
            if (matrix.Count > RolesMax) return (null, $"matrix: more than {RolesMax} roles");
        }

        if (matrix.Count == 0) return (null, "matrix: no role, so nobody could do anything");
        return (new RbacPolicy(version, source, document, matrix.ToImmutable()), null);
    }

    internal static bool IsName(string text) => text.Length is > 0 and <= 64 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or ':' or '.');

    private static (IReadOnlyDictionary<string, IReadOnlyList<string>>? Rows, string? Problem) Rows(JsonElement role, string path, bool isStored)
    {
        if (role.ValueKind != JsonValueKind.Object) return (null, $"{path}: an object of resources");
        var rows = ImmutableSortedDictionary.CreateBuilder<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var row in role.EnumerateObject())
        {
            var known = Permissions.Resources.FirstOrDefault(resource => resource.Resource == row.Name).Actions;
            if (known is null && isStored) continue;
            if (known is null) return (null, $"{path}.{Short(row.Name)}: no such resource; there are {string.Join(", ", Permissions.Resources.Select(resource => resource.Resource))}");
            if (row.Value.ValueKind != JsonValueKind.Array) return (null, $"{path}.{row.Name}: a list of actions");
            var actions = new List<string>();
            foreach (var action in row.Value.EnumerateArray())
            {
                var name = action.ValueKind == JsonValueKind.String ? action.GetString()! : "";
                if (!known.Contains(name) && isStored) continue;
                if (!known.Contains(name)) return (null, $"{path}.{row.Name}: {Short(name)} is no action of it; there are {string.Join(", ", known)}");
                if (!actions.Contains(name)) actions.Add(name);
            }

            rows.Add(row.Name, actions);
        }

        return (rows.ToImmutable(), null);
    }

    private static string Short(string text) => text.Length > 64 ? text[..64] : text;
}
