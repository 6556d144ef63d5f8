using Aos.Kernel;

namespace Aos.Skills;

/// <summary>The folder that file skills see. A path that leaves it, by <c>..</c> or through a link, is refused.</summary>
internal sealed class Workspace(SkillsOptions options)
{
    private readonly string root = Path.GetFullPath(options.Workspace);

    /// <summary>The full path, or why it is refused.</summary>
    internal (string? Path, Failure? Failure) Resolve(string path)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal) || Path.IsPathRooted(path))
            return (null, FailureCatalog.Fail("INVALID_INPUT", $"The path '{path}' must be relative to the workspace."));
        var full = Path.GetFullPath(Path.Combine(root, path));
        if (!IsInside(full)) return (null, Outside(path));
        Directory.CreateDirectory(root);
        var real = RealPath(root);
        for (var part = full; part.Length > root.Length; part = Path.GetDirectoryName(part)!)
        {
            FileSystemInfo info = Directory.Exists(part) ? new DirectoryInfo(part) : new FileInfo(part);
            if (info.LinkTarget is null) continue;
            var target = info.ResolveLinkTarget(returnFinalTarget: true)?.FullName;
            if (target is null || !(target + Path.DirectorySeparatorChar).StartsWith(real + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                return (null, Outside(path));
        }

        return (full, null);
    }

    private bool IsInside(string full) => full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static string RealPath(string path) => new DirectoryInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;

    private static Failure Outside(string path) => FailureCatalog.Fail("PERMISSION_DENIED", $"The path '{path}' leads out of the workspace.");
}
