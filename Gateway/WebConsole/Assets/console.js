// What the console does in the browser itself: colours, and telling the gateway that somebody is there.
const colours = "netdiscovery-colours"
const renewEvery = 60_000
let renewed = Date.now()
let renewing = false

/** Starts watching for activity. Returns true when the colours should be dark. */
export function start(page) {
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, () => renew(page), { passive: true })
  const dark = localStorage.getItem(colours) ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")
  show(dark === "dark")
  return dark === "dark"
}

/** Keeps the choice of colours for this browser. It is no secret. */
export function rememberDark(dark) {
  localStorage.setItem(colours, dark ? "dark" : "light")
  show(dark)
}

/** Puts a text on the clipboard. Returns false where the browser does not let it. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

const show = (dark) => { document.documentElement.dataset.colours = dark ? "dark" : "light" }

// The session ends when nobody has done anything for a while: each minute in which somebody does, it begins anew.
async function renew(page) {
  if (renewing || Date.now() - renewed < renewEvery) return
  renewing = true
  try {
    const answer = await fetch("/console/session", { method: "POST" })
    if (answer.status === 401) return location.assign(`/sign-in?${new URLSearchParams({ ended: "1", next: location.pathname + location.search })}`)
    if (answer.ok) {
      renewed = Date.now()
      await page.invokeMethodAsync("Renewed")
    }
  } catch {
    // The gateway can't be reached: Blazor says so, and the next activity tries again.
  } finally {
    renewing = false
  }
}
