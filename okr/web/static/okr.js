// What changes on a page is fetched anew until it says that it is over; and no form is sent twice.
"use strict";
for (const place of document.querySelectorAll("[data-watch]")) {
  const every = Number(place.dataset.every || 2000);
  const look = async () => {
    if (place.dataset.over) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(place.dataset.watch, { credentials: "same-origin" });
        if (answer.status === 401 || answer.status === 403 || answer.status === 404) { location.reload(); return; }
        if (answer.ok) {
          const text = await answer.text();
          if (text !== place.dataset.seen) {
            // The server escapes whatever is not its own.
            place.innerHTML = text;
            place.dataset.seen = text;
          }
          if (answer.headers.get("X-Okr-Over")) { place.dataset.over = "1"; return; }
        }
      } catch (error) { /* the server is away for a moment */ }
    }
    setTimeout(look, every);
  };
  setTimeout(look, every);
}
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", () => setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  }));
}
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
