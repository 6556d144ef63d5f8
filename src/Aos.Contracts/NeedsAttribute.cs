namespace Aos.Contracts;

/// <summary>The permission a route needs. Every route has this or <see cref="OpenAttribute"/>.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NeedsAttribute : Attribute
{
    /// <summary>Whoever has a credential may.</summary>
    public NeedsAttribute()
    {
    }

    /// <param name="permission">One of <see cref="Permissions.All"/>, as <c>resource:action</c>.</param>
    public NeedsAttribute(string permission) =>
        Permission = Contracts.Permission.TryParse(permission, out var known) && Permissions.All.Contains(known) ? known : throw new ArgumentException($"{permission} is no permission.", nameof(permission));

    /// <summary>Null: any caller may.</summary>
    public Permission? Permission { get; }

    /// <summary>Requests that this one counts as: more where it makes more work.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>True of a question that is not asked with GET: it is not put on record when it is allowed.</summary>
    public bool ChangesNothing { get; init; }

    /// <summary>True: what all tenants share is touched, so only a caller of the house may.</summary>
    public bool OfHouse { get; init; }

    /// <summary>True on <c>/agents*</c> and <c>/admin*</c>: a missing key answers 422, as clients there expect.</summary>
    public bool KeyIsField { get; init; }

    /// <summary>True on runtime routes: a loopback client of a development server needs no key.</summary>
    public bool OpenInDevelopment { get; init; }
}

/// <summary>A route open to everybody, and why.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OpenAttribute(string why) : Attribute
{
    public string Why { get; } = why;
}
