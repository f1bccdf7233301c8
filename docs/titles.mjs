// A plugin for typedoc: names a document after its first heading, without which all READMEs would have the same name.
import { Converter } from 'typedoc';

export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, document) => {
    const text = document.content.map((part) => part.text).join('');
    const heading = /^# (.+)$/m.exec(text);
    if (!heading) throw new Error(`${document.name} has no heading`);
    document.name = heading[1].replaceAll('`', '');
  });
}
