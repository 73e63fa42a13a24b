'use client';
import { useEffect, useRef, type ReactNode } from 'react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { ActionIcon, Box, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconHelp } from '@tabler/icons-react';
import { Logo } from '../common/Logo';
import { ColorSchemeMenu } from './ColorSchemeMenu';
import { ConnectionNote } from './ConnectionNote';
import { HelpDialog } from './HelpDialog';
import { JobsIndicator } from './JobsIndicator';
import { ProjectSwitcher } from './ProjectSwitcher';
import { UserMenu } from './UserMenu';
import { projectOfPath, projectPages, workspacePages, type Destination } from './navigation';
import { useKeys } from './useKeys';
import classes from './AppFrame.module.css';

/** The scroller of all pages; lists that draw only what is in view ask for it. */
export const MAIN_ID = 'main';

/** Top bar, navigation and the page. */
export function AppFrame({ children }: { children: ReactNode }) {
  const pathname = usePathname();
  const project = projectOfPath(pathname);
  const [help, { open, close }] = useDisclosure(false);
  const main = useRef<HTMLElement>(null);
  useKeys(project, open);
  useEffect(() => {
    main.current?.scrollTo(0, 0);
  }, [pathname]);

  return (
    <div className={classes.frame}>
      <a href={`#${MAIN_ID}`} className={classes.skip}>Skip to the page</a>
      <header className={classes.header}>
        <Link href="/projects" className={classes.brand}><Logo /><span className={classes.label}>Fieldmark</span></Link>
        <ProjectSwitcher project={project} />
        <Box flex={1} />
        <ConnectionNote />
        <JobsIndicator project={project} />
        <Tooltip label="Help and keys (?)"><ActionIcon size={30} aria-label="Help and keys" onClick={open}><IconHelp size={18} aria-hidden /></ActionIcon></Tooltip>
        <ColorSchemeMenu />
        <UserMenu />
      </header>
      <nav className={classes.nav} aria-label={project ? 'Project' : 'Workspace'}>
        {project ? (
          projectPages.map((group) => (
            <div key={group.title}>
              <div className={classes.group}>{group.title}</div>
              {group.pages.map((page) => <NavLink key={page.path} page={page} base={`/projects/${project}`} pathname={pathname} />)}
            </div>
          ))
        ) : (
          workspacePages.map((page) => <NavLink key={page.path} page={page} base="" pathname={pathname} />)
        )}
      </nav>
      <main className={classes.main} id={MAIN_ID} ref={main} tabIndex={-1}>
        <div className={classes.page}>{children}</div>
      </main>
      <HelpDialog opened={help} onClose={close} />
    </div>
  );
}

function NavLink({ page, base, pathname }: { page: Destination; base: string; pathname: string }) {
  const href = base + page.path;
  const current = page.path === '' ? pathname === href : pathname === href || pathname.startsWith(`${href}/`);
  return (
    <Link href={href} className={classes.link} aria-current={current ? 'page' : undefined} title={page.label}>
      <page.icon size={17} stroke={1.7} aria-hidden />
      <span className={classes.label}>{page.label}</span>
    </Link>
  );
}
